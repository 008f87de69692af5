/** The style of the pages on which people log in and look after their account. Colours are those of the home page. */
export const STYLE = `:root {
  color-scheme: light dark;
  --canvas: light-dark(#f1f4f7, #090d14);
  --surface: light-dark(#fdfdfe, #10141c);
  --sunken: light-dark(#eaeef2, #06080e);
  --line: light-dark(#dce0e5, #252a35);
  --line-strong: light-dark(#c3cad2, #363d4a);
  --text: light-dark(#161c28, #e9edf2);
  --text-2: light-dark(#444c5a, #b3b9c3);
  --text-3: light-dark(#5d6572, #8d94a0);
  --steel: light-dark(#2848a5, #99b3fa);
  --on-steel: light-dark(#ffffff, #0b1020);
  --brass: light-dark(#bb8a2b, #d3a64a);
  --failed: light-dark(#9d0715, #eb776e);
  --succeeded: light-dark(#246e56, #70cbaa);
  --mono: ui-monospace, "SF Mono", Menlo, monospace;
}
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0; font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; background: var(--canvas); color: var(--text) }
h1 { margin: 0; font-size: 26px; line-height: 32px; font-weight: 600; letter-spacing: -.02em }
h2 { margin: 0 0 .25rem; font-size: 15px; font-weight: 600 }
p { margin: 0 }
.dim { color: var(--text-3) }
.split { min-height: 100vh; display: grid; grid-template-columns: minmax(440px, 1fr) 1.15fr }
.split > main { position: relative; display: grid; align-content: center; justify-items: center; padding: 40px }
.split > main { background: var(--surface); border-right: 1px solid var(--line) }
.box { width: 340px; max-width: 100%; display: grid; gap: 18px }
.box header { display: grid; gap: 6px }
.box form, .stack { display: grid; gap: 14px }
footer { position: absolute; bottom: 20px; left: 40px; right: 40px; font-size: 12px; color: var(--text-3) }
.art { display: grid; place-items: center; overflow: hidden }
.art svg { width: min(620px, 92%); fill: none; stroke: var(--line-strong) }
.art .steel { fill: var(--steel); stroke: var(--canvas); stroke-width: 4 }
.art .ink { fill: var(--text-2); stroke: var(--canvas); stroke-width: 4 }
.art .sun { fill: var(--brass); stroke: none }
label { display: grid; gap: 4px; font-weight: 500 }
label small, .hint { font-size: 12px; font-weight: 400; color: var(--text-3) }
input, select { min-height: 40px; width: 100%; padding: 0 10px; font: inherit; color: var(--text); background: var(--canvas) }
input, select, button, .button { border: 1px solid var(--line-strong); border-radius: 6px }
button, .button { display: inline-flex; align-items: center; justify-content: center; min-height: 40px; padding: 0 14px }
button, .button { font: inherit; font-weight: 500; color: var(--text); background: transparent; cursor: pointer; text-decoration: none }
button.first { color: var(--on-steel); background: var(--steel); border-color: var(--steel) }
button:disabled { opacity: .55; cursor: progress }
button.quiet { min-height: 32px; padding: 0 10px; font-size: 13px }
.box button { width: 100% }
.or { display: grid; grid-template-columns: 1fr auto 1fr; gap: 10px; align-items: center; color: var(--text-3); font-size: 12px }
.or::before, .or::after { content: ""; height: 1px; background: var(--line) }
.problem { padding: 8px 12px; color: var(--failed); border: 1px solid currentColor; border-radius: 6px }
.done { padding: 8px 12px; color: var(--succeeded); border: 1px solid currentColor; border-radius: 6px }
.code { font: 600 28px/1.3 var(--mono); letter-spacing: .12em; text-align: center }
a { color: var(--steel) }
:focus-visible { outline: 2px solid var(--steel); outline-offset: 2px }
.sheet { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 3rem }
.sheet h1 { font-size: 20px; line-height: 28px }
.row { display: flex; align-items: center; gap: .75rem; flex-wrap: wrap }
.row > :last-child { margin-left: auto }
.sheet > .row > div { margin: 0 }
.sheet section { margin-top: 1rem; padding: 1rem 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: 8px }
.sheet .problem { margin-top: 1rem }
.list { margin: .75rem 0 0; padding: 0; list-style: none }
.list li { display: flex; align-items: center; gap: .5rem 1rem; flex-wrap: wrap; padding: .5rem 0; border-top: 1px solid var(--line) }
.list li > span:first-child { font-weight: 500 }
.list li > :last-child { margin-left: auto }
.sheet form > .row { margin-top: .75rem }
.danger { color: var(--failed); border-color: currentColor }
summary { margin-top: .75rem; cursor: pointer; color: var(--text-2) }
summary ~ p { margin: .5rem 0 }
.may { margin: 4px 0 0; padding-left: 1.1rem; color: var(--text-2) }
.may .changes { color: var(--text) }
.choices { display: grid; gap: 12px }
.choice { display: flex; gap: 8px; font-weight: 400 }
.choice input { width: auto; min-height: 0 }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 12px; margin-top: .75rem }
@media (max-width: 900px) { .split { grid-template-columns: 1fr } .art { display: none } .split > main { border: 0 } }
@media (max-width: 640px) {
  .split > main { padding: 24px 20px 64px; align-content: start; padding-top: 14vh }
  .box { width: 100% }
  footer { left: 20px; right: 20px }
  .box button { min-height: 48px }
  input, select { min-height: 48px; font-size: 16px }
}
`
