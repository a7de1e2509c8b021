import { quote } from '../base/go-quote.ts'
import { attributeType, isScriptType } from './html-attributes.ts'
import {
  ATTR_STARTS,
  type Attr,
  context,
  type Delim,
  type Element,
  type HtmlContext,
  isComment,
  isInScriptLiteral,
  problem,
  quoteStart,
  type State,
  TEXT_CONTEXT,
} from './html-context.ts'
import { decodeCss, endsWithKeyword } from './html-css.ts'
import { nextJsCtx } from './html-script.ts'

// What a text does to the place that a template is at. Source: Go html/template, transition.go; escape.go, contextAfterText.

/** A place, and how much of the text led there. */
type Step = readonly [HtmlContext, number]
type Transition = (c: HtmlContext, s: string) => Step

/** What ends the value of an attribute. */
export const DELIM_ENDS: Readonly<Record<Exclude<Delim, 'None'>, RegExp>> = {
  DoubleQuote: /"/,
  SingleQuote: /'/,
  SpaceOrTagEnd: /[ \t\n\f\r>]/,
}

/** The place after the first piece of a text. */
export function contextAfterText(c: HtmlContext, s: string): Step {
  if (c.delim === 'None') {
    const [ended, length] = specialTagEnd(c, s)
    if (length === 0) return [ended, 0]
    return TRANSITIONS[c.state](c, s.slice(0, length))
  }
  const found = s.search(DELIM_ENDS[c.delim])
  const end = found < 0 ? s.length : found
  const value = s.slice(0, end)
  if (c.delim === 'SpaceOrTagEnd') {
    const bad = /["'<=`]/.exec(value)
    if (bad !== null) return [problem(`${quote(bad[0])} in unquoted attr: ${quote(value)}`), s.length]
  }
  if (end === s.length) {
    let inside = c
    for (let rest = decodeEntities(s); rest !== ''; ) {
      const [next, length] = TRANSITIONS[inside.state](inside, rest)
      inside = next
      rest = rest.slice(length)
    }
    return [inside, s.length]
  }
  const isOther = c.state === 'Attr' && c.element === 'Script' && c.attr === 'ScriptType' && !isScriptType(value)
  return [context({ state: 'Tag', element: isOther ? 'None' : c.element }), c.delim === 'SpaceOrTagEnd' ? end : end + 1]
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  sol: '/',
  num: '#',
  quest: '?',
}

/** Of the entities those that could end or start something in a script, a style or a URL. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6});?|#(\d{1,7});?|([a-z]+);)/gi, (all, hex?: string, decimal?: string, name = '') => {
    const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : undefined
    if (code !== undefined) return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
    return ENTITIES[name] ?? all
  })
}

const ELEMENTS: ReadonlyMap<string, Element> = new Map([
  ['script', 'Script'],
  ['style', 'Style'],
  ['textarea', 'Textarea'],
  ['title', 'Title'],
  ['meta', 'Meta'],
])

const CONTENT: Readonly<Record<Element, State>> = {
  None: 'Text',
  Script: 'JS',
  Style: 'CSS',
  Textarea: 'RCDATA',
  Title: 'RCDATA',
  Meta: 'Text',
}

const END_TAGS: Readonly<Partial<Record<Element, RegExp>>> = {
  Script: /<\/script[> \t\n\f/]/i,
  Style: /<\/style[> \t\n\f/]/i,
  Textarea: /<\/textarea[> \t\n\f/]/i,
  Title: /<\/title[> \t\n\f/]/i,
}

/** An element whose content is no HTML ends with its own tag, wherever that stands. */
function specialTagEnd(c: HtmlContext, s: string): Step {
  const pattern = END_TAGS[c.element]
  if (pattern === undefined) return [c, s.length]
  // In literals of scripts it is escaped.
  if (c.element === 'Script' && (isInScriptLiteral(c.state) || isComment(c.state))) return [c, s.length]
  const at = s.search(pattern)
  return at < 0 ? [c, s.length] : [TEXT_CONTEXT, at]
}

const TAG_NAME = /[a-z](?:[a-z\d]|[:-][a-z\d])*/iy

function text(c: HtmlContext, s: string): Step {
  let from = 0
  for (;;) {
    let i = s.indexOf('<', from)
    if (i < 0 || i + 1 === s.length) return [c, s.length]
    if (s.startsWith('<!--', i)) return [context({ state: 'HTMLCmt' }), i + 4]
    i++
    const isEnd = s[i] === '/'
    if (isEnd) {
      if (i + 1 === s.length) return [c, s.length]
      i++
    }
    TAG_NAME.lastIndex = i
    const name = TAG_NAME.exec(s)?.[0]
    if (name !== undefined)
      return [context({ state: 'Tag', element: isEnd ? 'None' : (ELEMENTS.get(name.toLowerCase()) ?? 'None') }), i + name.length]
    from = i
  }
}

const SPACE = /[ \t\n\f\r]*/y

function afterSpace(s: string): number {
  SPACE.lastIndex = 0
  return SPACE.exec(s)![0].length
}

/** The end of an attribute's name, or what is wrong with it. */
function attributeNameEnd(s: string, from: number): number | HtmlContext {
  for (let i = from; i < s.length; i++) {
    const char = s[i]!
    if (' \t\n\f\r=>'.includes(char)) return i
    if (`'"<`.includes(char)) return problem(`${quote(char)} in attribute name: ${quoteStart(s)}`)
  }
  return s.length
}

function tag(c: HtmlContext, s: string): Step {
  const start = afterSpace(s)
  if (start === s.length) return [c, s.length]
  if (s[start] === '>')
    return [context({ state: CONTENT[c.element], element: CONTENT[c.element] === 'Text' ? 'None' : c.element }), start + 1]
  const end = attributeNameEnd(s, start)
  if (typeof end !== 'number') return [end, s.length]
  if (end === start) return [problem(`expected space, attr name, or end of tag, but got ${quote(s.slice(start))}`), s.length]
  const attr = attributeOf(c.element, s.slice(start, end).toLowerCase())
  return [context({ state: end === s.length ? 'AttrName' : 'AfterName', element: c.element, attr }), end]
}

function attributeOf(element: Element, name: string): Attr {
  if (element === 'Script' && name === 'type') return 'ScriptType'
  if (element === 'Meta' && name === 'content') return 'MetaContent'
  switch (attributeType(name)) {
    case 'url':
      return 'URL'
    case 'css':
      return 'Style'
    case 'js':
      return 'Script'
    case 'srcset':
      return 'Srcset'
    default:
      return 'None'
  }
}

function attributeName(c: HtmlContext, s: string): Step {
  const end = attributeNameEnd(s, 0)
  if (typeof end !== 'number') return [end, s.length]
  return [end === s.length ? c : { ...c, state: 'AfterName' }, end]
}

function afterName(c: HtmlContext, s: string): Step {
  const i = afterSpace(s)
  if (i === s.length) return [c, s.length]
  return s[i] === '=' ? [{ ...c, state: 'BeforeValue' }, i + 1] : [{ ...c, state: 'Tag' }, i]
}

function beforeValue(c: HtmlContext, s: string): Step {
  const i = afterSpace(s)
  if (i === s.length) return [c, s.length]
  const delim = s[i] === "'" ? 'SingleQuote' : s[i] === '"' ? 'DoubleQuote' : 'SpaceOrTagEnd'
  return [{ ...c, state: ATTR_STARTS[c.attr], delim }, delim === 'SpaceOrTagEnd' ? i : i + 1]
}

function htmlComment(c: HtmlContext, s: string): Step {
  const end = s.indexOf('-->')
  return end < 0 ? [c, s.length] : [TEXT_CONTEXT, end + 3]
}

const stays: Transition = (c, s) => [c, s.length]

function url(c: HtmlContext, s: string): Step {
  if (/[#?]/.test(s)) return [{ ...c, urlPart: 'QueryOrFrag' }, s.length]
  if (afterSpace(s) !== s.length && c.urlPart === 'None') return [{ ...c, urlPart: 'PreQuery' }, s.length]
  return [c, s.length]
}

function metaContent(c: HtmlContext, s: string): Step {
  const at = s.toLowerCase().indexOf('url=')
  return at < 0 ? [c, s.length] : [{ ...c, state: 'MetaContentURL' }, at + 4]
}

function metaContentUrl(c: HtmlContext, s: string): Step {
  const at = s.indexOf(';')
  return at < 0 ? [c, s.length] : [{ ...c, state: 'MetaContent' }, at + 1]
}

function script(before: HtmlContext, s: string): Step {
  const i = s.search(/["'`/{}<\-#]/)
  if (i < 0) return [{ ...before, jsCtx: nextJsCtx(s, before.jsCtx) }, s.length]
  const c: HtmlContext = { ...before, jsCtx: nextJsCtx(s.slice(0, i), before.jsCtx) }
  const depths = c.jsBraceDepth
  const deeper = (by: number) => [...depths.slice(0, -1), depths.at(-1)! + by]
  switch (s[i]) {
    case '"':
      return [{ ...c, state: 'JSDqStr', jsCtx: 'Regexp' }, i + 1]
    case "'":
      return [{ ...c, state: 'JSSqStr', jsCtx: 'Regexp' }, i + 1]
    case '`':
      return [{ ...c, state: 'JSTmplLit', jsCtx: 'Regexp' }, i + 1]
    case '/':
      if (s[i + 1] === '/') return [{ ...c, state: 'JSLineCmt' }, i + 2]
      if (s[i + 1] === '*') return [{ ...c, state: 'JSBlockCmt' }, i + 2]
      if (c.jsCtx === 'Regexp') return [{ ...c, state: 'JSRegexp' }, i + 1]
      if (c.jsCtx === 'DivOp') return [{ ...c, jsCtx: 'Regexp' }, i + 1]
      return [problem(`'/' could start a division or regexp: ${quoteStart(s.slice(i))}`), s.length]
    case '<':
      return s.startsWith('<!--', i) ? [{ ...c, state: 'JSHTMLOpenCmt' }, i + 4] : [c, i + 1]
    case '-':
      return s.startsWith('-->', i) ? [{ ...c, state: 'JSHTMLCloseCmt' }, i + 3] : [c, i + 1]
    case '#':
      return s[i + 1] === '!' ? [{ ...c, state: 'JSLineCmt' }, i + 2] : [c, i + 1]
    case '{':
      return [depths.length === 0 ? c : { ...c, jsBraceDepth: deeper(1) }, i + 1]
    default: {
      if (depths.length === 0) return [c, i + 1]
      const left = deeper(-1)
      if (left.at(-1)! >= 0) return [{ ...c, jsBraceDepth: left }, i + 1]
      return [{ ...c, jsBraceDepth: left.slice(0, -1), state: 'JSTmplLit' }, i + 1]
    }
  }
}

function templateLiteral(c: HtmlContext, s: string): Step {
  for (let i = 0; i < s.length; i++) {
    if (s[i] === '\\') {
      if (++i === s.length) return [problem(`unfinished escape sequence in JS string: ${quote(s)}`), s.length]
    } else if (s[i] === '$' && s[i + 1] === '{') return [{ ...c, state: 'JS', jsBraceDepth: [...c.jsBraceDepth, 0] }, i + 2]
    else if (s[i] === '`') return [{ ...c, state: 'JS' }, i + 1]
  }
  return [c, s.length]
}

function scriptLiteral(c: HtmlContext, s: string): Step {
  const isRegexp = c.state === 'JSRegexp'
  const end = c.state === 'JSSqStr' ? "'" : isRegexp ? '/' : '"'
  let inCharset = false
  for (let i = 0; i < s.length; i++) {
    const char = s[i]
    if (char === '\\') {
      if (++i === s.length) return [problem(`unfinished escape sequence in JS string: ${quote(s)}`), s.length]
    } else if (isRegexp && char === '[') inCharset = true
    else if (isRegexp && char === ']') inCharset = false
    else if (char === end) {
      // It is escaped later, so that it ends nothing.
      if (isRegexp && i > 0 && s.slice(i - 1, i + 7).toLowerCase() === '</script') i++
      else if (!inCharset) return [{ ...c, state: 'JS', jsCtx: 'DivOp' }, i + 1]
    }
  }
  return inCharset ? [problem(`unfinished JS regexp charset: ${quote(s)}`), s.length] : [c, s.length]
}

const blockComment =
  (after: State): Transition =>
  (c, s) => {
    const end = s.indexOf('*/')
    return end < 0 ? [c, s.length] : [{ ...c, state: after }, end + 2]
  }

const lineComment =
  (after: State, end: RegExp): Transition =>
  (c, s) => {
    const at = s.search(end)
    return at < 0 ? [c, s.length] : [{ ...c, state: after }, at]
  }
const scriptLine = lineComment('JS', /[\n\r\u2028\u2029]/)

function style(c: HtmlContext, s: string): Step {
  for (let i = 0; i < s.length; i++) {
    switch (s[i]) {
      case '(': {
        if (!endsWithKeyword(s.slice(0, i).replace(/[\t\n\f\r ]+$/, ''), 'url')) break
        const start = i + 1 + /^[\t\n\f\r ]*/.exec(s.slice(i + 1))![0].length
        if (s[start] === '"') return [{ ...c, state: 'CSSDqURL' }, start + 1]
        if (s[start] === "'") return [{ ...c, state: 'CSSSqURL' }, start + 1]
        return [{ ...c, state: 'CSSURL' }, start]
      }
      case '/':
        if (s[i + 1] === '/') return [{ ...c, state: 'CSSLineCmt' }, i + 2]
        if (s[i + 1] === '*') return [{ ...c, state: 'CSSBlockCmt' }, i + 2]
        break
      case '"':
        return [{ ...c, state: 'CSSDqStr' }, i + 1]
      case "'":
        return [{ ...c, state: 'CSSSqStr' }, i + 1]
    }
  }
  return [c, s.length]
}

function styleText(before: HtmlContext, s: string): Step {
  const end = before.state.startsWith('CSSDq') ? /[\\"]/g : before.state.startsWith('CSSSq') ? /[\\']/g : /[\\\t\n\f\r )]/g
  let c = before
  let from = 0
  for (;;) {
    end.lastIndex = from
    const found = end.exec(s)
    if (found === null) return [url(c, decodeCss(s.slice(from)))[0], s.length]
    let i = found.index
    if (found[0] !== '\\') return [{ ...c, state: 'CSS' }, i + 1]
    if (++i === s.length) return [problem(`unfinished escape sequence in CSS string: ${quote(s)}`), s.length]
    c = url(c, decodeCss(s.slice(0, i + 1)))[0]
    from = i + 1
  }
}

export const TRANSITIONS: Readonly<Record<State, Transition>> = {
  Text: text,
  Tag: tag,
  AttrName: attributeName,
  AfterName: afterName,
  BeforeValue: beforeValue,
  HTMLCmt: htmlComment,
  RCDATA: (c, s) => specialTagEnd(c, s),
  Attr: stays,
  URL: url,
  Srcset: url,
  JS: script,
  JSDqStr: scriptLiteral,
  JSSqStr: scriptLiteral,
  JSTmplLit: templateLiteral,
  JSRegexp: scriptLiteral,
  JSBlockCmt: blockComment('JS'),
  JSLineCmt: scriptLine,
  JSHTMLOpenCmt: scriptLine,
  JSHTMLCloseCmt: scriptLine,
  CSS: style,
  CSSDqStr: styleText,
  CSSSqStr: styleText,
  CSSDqURL: styleText,
  CSSSqURL: styleText,
  CSSURL: styleText,
  CSSBlockCmt: blockComment('CSS'),
  CSSLineCmt: lineComment('CSS', /[\n\f\r]/),
  Error: stays,
  MetaContent: metaContent,
  MetaContentURL: metaContentUrl,
  Dead: stays,
}
