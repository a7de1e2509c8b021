import { goJson } from './go-json.ts'
import { attributeType } from './html-attributes.ts'
import { context, type HtmlContext, isInTag, TEXT_CONTEXT } from './html-context.ts'
import { decodeCss, isCssNameChar } from './html-css.ts'
import { DELIM_ENDS, TRANSITIONS } from './html-transition.ts'
import { jsonOf } from './json-value.ts'
import { sprint } from './sprintf.ts'
import { GoTime } from './time-value.ts'
import { type Callable, type FunctionTable, GoObject, GoSafeText, type Value } from './value.ts'

// What makes a value harmless where it is inserted. Source: Go html/template, html.go, js.go, css.go, url.go, content.go.

/** Stands where a value would have done harm. */
const FAILSAFE = 'ZgotmplZ'

interface Content {
  readonly text: string
  readonly type: string | undefined
}

/** The text of what is inserted, and what it promises to be. */
function stringify(args: readonly Value[]): Content {
  const [only] = args
  if (args.length === 1 && typeof only === 'string') return { text: only, type: undefined }
  if (args.length === 1 && only instanceof GoSafeText) return { text: only.text, type: only.typeName }
  // nil and what has no value are nothing.
  return { text: sprint(args.filter((arg) => arg !== null && arg !== undefined)), type: undefined }
}

const HTML = 'template.HTML'
const URL_TYPE = 'template.URL'

type Table = Readonly<Record<string, string>>

const SPECIALS: Table = { '\0': '\ufffd', '"': '&#34;', '&': '&amp;', "'": '&#39;', '+': '&#43;', '<': '&lt;', '>': '&gt;' }
const UNQUOTED: Table = {
  ...SPECIALS,
  '\0': '&#xfffd;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\v': '&#11;',
  '\f': '&#12;',
  '\r': '&#13;',
  ' ': '&#32;',
  '=': '&#61;',
  '`': '&#96;',
}

const replaceHtml = (text: string, table: Table, keepsEntities: boolean): string =>
  text.replace(/[\0\t\n\v\f\r "&'+<=>`]/g, (char) => (keepsEntities && char === '&' ? char : (table[char] ?? char)))

/** Outside of quotes, what browsers do not agree on goes, too. */
const replaceUnquoted = (text: string, keepsEntities: boolean): string =>
  replaceHtml(text, UNQUOTED, keepsEntities).replace(/[\ufdd0-\ufdef\ufff0-\uffff]/g, (char) => `&#x${char.charCodeAt(0).toString(16)};`)

function htmlText(args: readonly Value[]): string {
  const { text, type } = stringify(args)
  return type === HTML ? text : replaceHtml(text, SPECIALS, false)
}

function attribute(args: readonly Value[]): string {
  const { text, type } = stringify(args)
  return type === HTML ? replaceHtml(stripTags(text), SPECIALS, true) : replaceHtml(text, SPECIALS, false)
}

function rcdata(args: readonly Value[]): string {
  const { text, type } = stringify(args)
  return replaceHtml(text, SPECIALS, type === HTML)
}

function unquotedAttribute(args: readonly Value[]): string {
  const { text, type } = stringify(args)
  if (text === '') return FAILSAFE
  return type === HTML ? replaceUnquoted(stripTags(text), true) : replaceUnquoted(text, false)
}

function attributeName(args: readonly Value[]): string {
  const { text } = stringify(args)
  const name = text.toLowerCase()
  return /^[a-z\d]+$/.test(name) && attributeType(name) === 'plain' ? name : FAILSAFE
}

/** The text of HTML, without its tags and comments. */
function stripTags(html: string): string {
  let out = ''
  let c: HtmlContext = TEXT_CONTEXT
  let i = 0
  let isAllText = true
  while (i !== html.length) {
    if (c.delim === 'None') {
      const state = c.element !== 'None' && !isInTag(c.state) ? 'RCDATA' : c.state
      const [next, length] = TRANSITIONS[state](c, html.slice(i))
      const end = i + length
      if (c.state === 'Text' || c.state === 'RCDATA') {
        const tag = next.state === c.state ? -1 : html.lastIndexOf('<', end - 1)
        out += html.slice(i, tag >= i ? tag : end)
      } else isAllText = false
      c = next
      i = end
      continue
    }
    const found = html.slice(i).search(DELIM_ENDS[c.delim])
    if (found < 0) break
    i += c.delim === 'SpaceOrTagEnd' ? found : found + 1
    c = context({ state: 'Tag', element: c.element })
  }
  if (isAllText) return html
  return c.state === 'Text' || c.state === 'RCDATA' ? out + html.slice(i) : out
}

function isSafeUrl(url: string): boolean {
  const colon = url.indexOf(':')
  if (colon < 0) return true
  const protocol = url.slice(0, colon)
  return protocol.includes('/') || /^(?:https?|mailto)$/i.test(protocol)
}

/** Percent signs for what has no place in a URL; `isWhole`: what has a meaning in one keeps it. */
function encodeUrl(text: string, isWhole: boolean): string {
  let out = ''
  const bytes = Buffer.from(text)
  for (let i = 0; i < bytes.length; i++) {
    const char = String.fromCharCode(bytes[i]!)
    const isEscape = char === '%' && /^[\da-fA-F]{2}$/.test(bytes.toString('latin1', i + 1, i + 3))
    if (/[-._~a-zA-Z\d]/.test(char) || (isWhole && (isEscape || '!#$&*+,/:;=?@[]'.includes(char)))) out += char
    else out += `%${bytes[i]!.toString(16).padStart(2, '0')}`
  }
  return out
}

function urlFilter(args: readonly Value[]): Value {
  const { text, type } = stringify(args)
  return type === URL_TYPE || isSafeUrl(text) ? text : `#${FAILSAFE}`
}

const urlEscaper = (isWhole: boolean) => (args: readonly Value[]) => {
  const { text, type } = stringify(args)
  return encodeUrl(text, isWhole || type === URL_TYPE)
}

function srcset(args: readonly Value[]): string {
  const { text, type } = stringify(args)
  if (type === URL_TYPE) return encodeUrl(text, true).replaceAll(',', '%2c')
  return text.split(',').map(srcsetElement).join(',')
}

function srcsetElement(element: string): string {
  const [, before = '', url = '', after = ''] = /^([\t\n\f\r ]*)([^\t\n\f\r ]*)(.*)$/s.exec(element) ?? []
  return isSafeUrl(url) && /^[\t\n\f\r a-zA-Z\d]*$/.test(after) ? before + encodeUrl(url, true) + after : `#${FAILSAFE}`
}

const CONTROLS: Table = Object.fromEntries(
  Array.from({ length: 0x20 }, (_, code) => [String.fromCharCode(code), `\\u${code.toString(16).padStart(4, '0')}`]),
)
const LINES: Table = { '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\u2028': '\\u2028', '\u2029': '\\u2029' }
const hex = (chars: string): Table =>
  Object.fromEntries([...chars].map((char) => [char, `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`]))
const slashed = (chars: string): Table => Object.fromEntries([...chars].map((char) => [char, `\\${char}`]))

const SCRIPT_TEXT: Table = { ...CONTROLS, ...LINES, ...hex('"`&\'+<>'), ...slashed('/\\') }
const SCRIPT_TEMPLATE: Table = { ...SCRIPT_TEXT, ...hex('${}') }
const SCRIPT_REGEXP: Table = { ...CONTROLS, ...LINES, ...hex('"&\'+<>'), ...slashed('$()*-./?[\\]^{|}') }

const replaceAll = (text: string, table: Table): string =>
  text.replace(/[\0-\x1f"`&'+<>/\\${}()*\-.?[\]^|\u2028\u2029]/g, (char) => table[char] ?? char)

const scriptText = (table: Table) => (args: readonly Value[]) => replaceAll(stringify(args).text, table)

function scriptRegexp(args: readonly Value[]): string {
  const text = replaceAll(stringify(args).text, SCRIPT_REGEXP)
  // Nothing would be a comment.
  return text === '' ? '(?:)' : text
}

/** A value as an expression of JavaScript. */
function scriptValue(args: readonly Value[]): string {
  const [only] = args
  const isText = args.length === 1 && only instanceof GoObject && !(only instanceof GoTime) && only.method('String') !== undefined
  let json: string
  try {
    json = args.length !== 1 ? goJson(sprint(args)) : goJson(isText ? sprint([only]) : jsonOf(only as Value))
  } catch (error) {
    const fault = (error as Error).message.replaceAll('*/', '* /').replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--')
    return ` /* ${fault} */null `
  }
  const runsOn = /^[$_a-zA-Z0-9]|[$_a-zA-Z0-9]$/.test(json)
  return runsOn ? ` ${json} ` : json
}

const STYLE: Table = {
  '\0': '\\0',
  '\t': '\\9',
  '\n': '\\a',
  '\f': '\\c',
  '\r': '\\d',
  ...Object.fromEntries([...'"&\'()+/:;<>{}'].map((char) => [char, `\\${char.charCodeAt(0).toString(16)}`])),
  '\\': '\\\\',
}

function styleText(args: readonly Value[]): string {
  const { text } = stringify(args)
  return text.replace(/[\0\t\n\f\r"&'()+/:;<>{}\\]/g, (char, at: number) => {
    const escaped = STYLE[char]!
    const next = text[at + char.length]
    // A digit or a space that follows would be part of it.
    return escaped !== '\\\\' && (next === undefined || /[\da-fA-F\t\n\f\r ]/.test(next)) ? `${escaped} ` : escaped
  })
}

function styleValue(args: readonly Value[]): string {
  const text = decodeCss(stringify(args).text)
  if (/[\0"'()/;@[\\\]`{}<>]|--/.test(text)) return FAILSAFE
  const word = [...text]
    .filter((char) => char < '\x80' && char !== '-' && isCssNameChar(char))
    .join('')
    .toLowerCase()
  return word.includes('expression') || word.includes('mozbinding') ? FAILSAFE : text
}

/** What is inserted by `html` or `urlquery` with arguments, for what follows them. */
function evaluated(args: readonly Value[]): Value {
  return args.length === 1 && typeof args[0] === 'string' ? args[0] : sprint(args)
}

const escaper = (call: (args: readonly Value[]) => Value): Callable => ({ params: [], rest: 'any', call })

export const HTML_ESCAPERS: FunctionTable = new Map<string, Callable>([
  ['_html_template_attrescaper', escaper(attribute)],
  ['_html_template_commentescaper', escaper(() => '')],
  ['_html_template_cssescaper', escaper(styleText)],
  ['_html_template_cssvaluefilter', escaper(styleValue)],
  ['_html_template_htmlnamefilter', escaper(attributeName)],
  ['_html_template_htmlescaper', escaper(htmlText)],
  ['_html_template_jsregexpescaper', escaper(scriptRegexp)],
  ['_html_template_jsstrescaper', escaper(scriptText(SCRIPT_TEXT))],
  ['_html_template_jstmpllitescaper', escaper(scriptText(SCRIPT_TEMPLATE))],
  ['_html_template_jsvalescaper', escaper(scriptValue)],
  ['_html_template_nospaceescaper', escaper(unquotedAttribute)],
  ['_html_template_rcdataescaper', escaper(rcdata)],
  ['_html_template_srcsetescaper', escaper(srcset)],
  ['_html_template_urlescaper', escaper(urlEscaper(false))],
  ['_html_template_urlfilter', escaper(urlFilter)],
  ['_html_template_urlnormalizer', escaper(urlEscaper(true))],
  ['_eval_args_', escaper(evaluated)],
])
