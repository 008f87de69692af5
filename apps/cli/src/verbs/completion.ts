import { type Route, routes } from '@orrery/contract/routes'
import { Argument, type Command } from 'commander'
import { connect } from '../connection.ts'
import { listNames } from '../derive/suggest-name.ts'
import { type Io, UsageError } from '../io.ts'
import { join, shown } from '../shown.ts'

/** What a shell runs for each Tab. `orrery complete` prints the candidates for the last word, one a line. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_orrery() {
  local IFS=$'\\n'
  COMPREPLY=($(orrery complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _orrery orrery
`,
  // A new ~/.zshrc does not load the completion system.
  zsh: `#compdef orrery
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_orrery() {
  local -a found
  found=(\${(f)"$(orrery complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -- $found; else _files; fi
}
compdef _orrery orrery
`,
  fish: `function __orrery
  set -l words (commandline -opc) (commandline -ct)
  set -l found (orrery complete -- $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c orrery -f -a '(__orrery)'
`,
}

/** Arguments whose values the server knows. */
const NAMES: Readonly<Record<string, Route>> = {
  workflow: routes['workflows.list'],
  automation: routes['automations.list'],
  pipeline: routes['pipelines.list'],
  tool: routes['tools.list'],
  calendar: routes['calendars.list'],
}

export function addCompletion(root: Command, io: Io): void {
  root
    .command('completion')
    .summary('Print a script that completes commands in a shell')
    .description(
      'Prints a script for the shell. To load it in every bash: `orrery completion bash >> ~/.bashrc`; in zsh: ' +
        '`orrery completion zsh >> ~/.zshrc`; in fish: `orrery completion fish > ~/.config/fish/completions/orrery.fish`. ' +
        'The command must be in PATH, such as `node_modules/.bin` of a project.',
    )
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: string) => {
      const script = SCRIPTS[shell]
      if (script === undefined) throw new UsageError(`there is no completion for ${shell}`)
      io.out(join(script.split('\n'), '\n'))
    })
  root
    .command('complete [words...]', { hidden: true })
    .allowUnknownOption()
    .action(async (words: string[]) => {
      for (const candidate of await findCandidates(root, io, words)) io.out(shown`${candidate}\n`)
    })
}

/** Candidates for the last of the words: commands, flags, choices, or names that the server knows. */
async function findCandidates(root: Command, io: Io, words: readonly string[]): Promise<readonly string[]> {
  const current = words.at(-1) ?? ''
  let command = root
  let places = 0
  let flag: string | null = null
  for (const word of words.slice(0, -1)) {
    const next = places === 0 ? command.commands.find((one) => one.name() === word) : undefined
    if (flag !== null) flag = null
    else if (word.startsWith('-')) flag = takesValue(command, word) ? word : null
    else if (next === undefined) places += 1
    else command = next
  }
  const all = await candidatesAt(command, io, places, flag, current)
  return all.filter((candidate) => candidate.startsWith(current))
}

async function candidatesAt(command: Command, io: Io, places: number, flag: string | null, current: string): Promise<readonly string[]> {
  const option = command.options.find(({ long, short }) => flag !== null && (long === flag || short === flag))
  if (option !== undefined) return option.argChoices ?? namesFor(io, option.name())
  if (current.startsWith('-')) return command.options.flatMap(({ long }) => long ?? [])
  const visible = command.commands.filter((one) => one.name() !== 'complete').map((one) => one.name())
  if (visible.length > 0) return visible
  const argument = command.registeredArguments[places]
  return argument === undefined ? [] : (argument.argChoices ?? namesFor(io, argument.name()))
}

function takesValue(command: Command, word: string): boolean {
  return command.options.some(({ long, short, required }) => required && (long === word || short === word))
}

async function namesFor(io: Io, name: string): Promise<readonly string[]> {
  const list = NAMES[name]
  return list === undefined ? [] : listNames(io, await connect(io, {}, { attempts: 1, timeoutMs: 2_000 }), list)
}
