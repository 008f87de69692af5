import { expect, test } from 'vitest'
import { cpuMs } from '../../../../../tests/support/cpu-ms.ts'
import { htmlToText } from './html-to-text.ts'

test('extracts the visible text of a page', () => {
  const cases = {
    '<p>Gr&uuml;&szlig;e &amp; K&#252;sse</p><p>Ada&#x21;</p>': 'Gr&uuml;&szlig;e & Küsse\n\nAda!',
    'a<br>b<BR/>c': 'a\nb\nc',
    '<head><title>no</title></head><style>p{}</style>yes<script>no("<p>")</script>': 'yes',
    'a <!-- <p>no</p> --> b': 'a b',
    '<ul><li>one</li><li>two</li></ul>': 'one\n\ntwo',
    'a <b>bold</b>  claim': 'a bold claim',
    '1 &lt; 2 &nosuch; &#1114112;': '1 < 2 &nosuch; &#1114112;',
    '<script>never ends': '',
    'İİİİ<br>iki<STYLE>p{}</STYLE>üç': 'İİİİ\nikiüç',
    'a < b': 'a',
    '': '',
  }
  for (const [html, words] of Object.entries(cases)) expect(htmlToText(html)).toBe(words)
})

test('runs in linear time on hostile HTML', () => {
  const tricks = ['<script>', '<', '<!--', '<p', '&#', ' \n', '<style></style', '"<a href="']
  for (const trick of tricks) expect(cpuMs(() => htmlToText(trick.repeat(100_000)))).toBeLessThan(10_000)
})
