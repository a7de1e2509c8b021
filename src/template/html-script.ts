import type { JsCtx } from './html-context.ts'

// Reading JavaScript as far as escaping needs it. Source: Go html/template, js.go; ECMAScript 5, section 7.

const REGEXP_PRECEDERS = new Set('break case continue delete do else finally in instanceof return throw try typeof void'.split(' '))

/** What a slash would start after a piece of script. */
export function nextJsCtx(script: string, preceding: JsCtx): JsCtx {
  const text = script.replace(/[\t\n\f\r \u2028\u2029]+$/, '')
  if (text === '') return preceding
  const last = text.at(-1)!
  switch (last) {
    case '+':
    case '-': {
      // A pair is an operator after a value.
      const run = /(\++|-+)$/.exec(text)![0].length
      return run % 2 === 1 ? 'Regexp' : 'DivOp'
    }
    case '.':
      return /\d\.$/.test(text) ? 'DivOp' : 'Regexp'
    default:
      if (',<>=*%&|^?!~([:;{}'.includes(last)) return 'Regexp'
      return REGEXP_PRECEDERS.has(/[$_a-zA-Z0-9]*$/.exec(text)![0]) ? 'Regexp' : 'DivOp'
  }
}
