import { quote } from '../base/go-quote.ts'
import type { BranchNode, LoopNode, Node } from './nodes.ts'

// Where in an HTML document a template writes. Source: Go html/template, context.go. Names are Go's: errors show them, and so do the
// names of templates that are written for a place.

export type State =
  | 'Text'
  | 'Tag'
  | 'AttrName'
  | 'AfterName'
  | 'BeforeValue'
  | 'HTMLCmt'
  | 'RCDATA'
  | 'Attr'
  | 'URL'
  | 'Srcset'
  | 'JS'
  | 'JSDqStr'
  | 'JSSqStr'
  | 'JSTmplLit'
  | 'JSRegexp'
  | 'JSBlockCmt'
  | 'JSLineCmt'
  | 'JSHTMLOpenCmt'
  | 'JSHTMLCloseCmt'
  | 'CSS'
  | 'CSSDqStr'
  | 'CSSSqStr'
  | 'CSSDqURL'
  | 'CSSSqURL'
  | 'CSSURL'
  | 'CSSBlockCmt'
  | 'CSSLineCmt'
  | 'Error'
  | 'MetaContent'
  | 'MetaContentURL'
  /** After a break or continue. */
  | 'Dead'
export type Delim = 'None' | 'DoubleQuote' | 'SingleQuote' | 'SpaceOrTagEnd'
export type UrlPart = 'None' | 'PreQuery' | 'QueryOrFrag' | 'Unknown'
/** What a slash starts. */
export type JsCtx = 'Regexp' | 'DivOp' | 'Unknown'
export type Attr = 'None' | 'Script' | 'ScriptType' | 'Style' | 'URL' | 'Srcset' | 'MetaContent'
export type Element = 'None' | 'Script' | 'Style' | 'Textarea' | 'Title' | 'Meta'

export interface HtmlContext {
  readonly state: State
  readonly delim: Delim
  readonly urlPart: UrlPart
  readonly jsCtx: JsCtx
  /** Of each template literal that encloses it, the braces that are open. */
  readonly jsBraceDepth: readonly number[]
  readonly attr: Attr
  readonly element: Element
  /** Of `Error`. */
  readonly error: HtmlProblem | undefined
  /** Of a break or continue: its node. */
  readonly node: LoopNode | undefined
}

export interface HtmlProblem {
  readonly node: Node | undefined
  /** It is about what begins with the node: the place is that of its brackets. */
  readonly isStart: boolean
  readonly text: string
}

export const TEXT_CONTEXT: HtmlContext = {
  state: 'Text',
  delim: 'None',
  urlPart: 'None',
  jsCtx: 'Regexp',
  jsBraceDepth: [],
  attr: 'None',
  element: 'None',
  error: undefined,
  node: undefined,
}

export function context(parts: Partial<HtmlContext>): HtmlContext {
  return { ...TEXT_CONTEXT, ...parts }
}

export function problem(text: string, node?: Node, isStart = false): HtmlContext {
  return context({ state: 'Error', error: { node, isStart, text } })
}

export function showContext(c: HtmlContext): string {
  return `{state${c.state} delim${c.delim} urlPart${c.urlPart} jsCtx${c.jsCtx} [${c.jsBraceDepth.join(' ')}] attr${c.attr} element${c.element} <nil>}`
}

export function sameContext(a: HtmlContext, b: HtmlContext): boolean {
  return showContext(a) === showContext(b) && a.error === b.error
}

/** The name of a template as it is written for a place. */
export function placedName(c: HtmlContext, name: string): string {
  if (c.state === 'Text') return name
  const parts = [`${name}$htmltemplate_state${c.state}`]
  if (c.delim !== 'None') parts.push(`delim${c.delim}`)
  if (c.urlPart !== 'None') parts.push(`urlPart${c.urlPart}`)
  if (c.jsCtx !== 'Regexp') parts.push(`jsCtx${c.jsCtx}`)
  if (c.jsBraceDepth.length > 0) parts.push(`jsBraceDepth([${c.jsBraceDepth.join(' ')}])`)
  if (c.attr !== 'None') parts.push(`attr${c.attr}`)
  if (c.element !== 'None') parts.push(`element${c.element}`)
  return parts.join('_')
}

export function isComment(state: State): boolean {
  return state.endsWith('Cmt')
}

export function isInTag(state: State): boolean {
  return state === 'Tag' || state === 'AttrName' || state === 'AfterName' || state === 'BeforeValue' || state === 'Attr'
}

export function isInScriptLiteral(state: State): boolean {
  return state === 'JSDqStr' || state === 'JSSqStr' || state === 'JSTmplLit' || state === 'JSRegexp'
}

export const ATTR_STARTS: Readonly<Record<Attr, State>> = {
  None: 'Attr',
  Script: 'JS',
  ScriptType: 'Attr',
  Style: 'CSS',
  URL: 'URL',
  Srcset: 'Srcset',
  MetaContent: 'MetaContent',
}

/** Where something that is inserted stands: what would follow from an empty text. */
export function nudge(c: HtmlContext): HtmlContext {
  switch (c.state) {
    case 'Tag':
      return { ...c, state: 'AttrName' }
    case 'BeforeValue':
      return { ...c, state: ATTR_STARTS[c.attr], delim: 'SpaceOrTagEnd', attr: 'None' }
    case 'AfterName':
      return { ...c, state: 'AttrName', attr: 'None' }
    default:
      return c
  }
}

/** Where it goes on after one of two branches. */
export function joinContexts(a: HtmlContext, b: HtmlContext, node: BranchNode | LoopNode, name: string): HtmlContext {
  if (a.state === 'Error') return a
  if (b.state === 'Error') return b
  if (a.state === 'Dead') return b
  if (b.state === 'Dead' || sameContext(a, b)) return a
  if (sameContext({ ...a, urlPart: b.urlPart }, b)) return { ...a, urlPart: 'Unknown' }
  if (sameContext({ ...a, jsCtx: b.jsCtx }, b)) return { ...a, jsCtx: 'Unknown' }
  const [c, d] = [nudge(a), nudge(b)]
  if (!(sameContext(c, a) && sameContext(d, b))) {
    const joined = joinContexts(c, d, node, name)
    if (joined.state !== 'Error') return joined
  }
  return problem(`{{${name}}} branches end in different contexts: ${showContext(a)}, ${showContext(b)}`, node)
}

/** A text that an error quotes, no more than 32 code points of it. */
export const quoteStart = (text: string): string => quote([...text].slice(0, 32).join(''))
