import { SETTINGS, type Setting } from './settings.ts'
import { wrapText } from './wrap-text.ts'

const WIDTH_MAX = 100

/** The text of `--help`, wrapped at `columns`. */
export function describeFlags(columns = 80): string {
  const width = Math.min(columns, WIDTH_MAX)
  const settings = Object.values<Setting>(SETTINGS).map((setting) => {
    const flag = setting.flag === undefined ? [] : [`--${setting.flag}`]
    const text = `${setting.help} ${setting.isSwitch ? '' : `Expects ${setting.expected}. `}Default: ${setting.default.replaceAll('`', '')}.`
    return [[...flag, setting.env].join(', '), ...wrapText(text, width - 4).map((line) => `    ${line}`)].join('\n')
  })
  const head = wrapText('Settings are environment variables. Some also have a flag, which takes precedence.', width)
  return ['Usage: orrery-server [flags]', head.join('\n'), ...settings, '--help, --version', ''].join('\n\n').trimEnd()
}
