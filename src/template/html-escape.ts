import {
  type HtmlContext,
  isComment,
  isInScriptLiteral,
  joinContexts,
  nudge,
  placedName,
  problem,
  sameContext,
  showContext,
  TEXT_CONTEXT,
} from './html-context.ts'
import { contextAfterText } from './html-transition.ts'
import { TemplateError } from './meter.ts'
import {
  type ActionNode,
  type BranchNode,
  type Command,
  type LoopNode,
  type Node,
  type Pipe,
  print,
  type TemplateNode,
  type TextNode,
} from './nodes.ts'
import type { ParsedTemplate } from './parse.ts'
import { lineOf } from './template-source.ts'

// Go's html/template: each action is given the escapers of the place that it writes to. Source: Go html/template, escape.go.
//
// 1. Trees never change: what becomes of a node stands in the edits of the template that it is part of, as it is written for one place.
// 2. A template called at another place than between tags is written again for that place, under a name that says which.

/** What becomes of the nodes of one template at one place. */
type Edits = Map<Node, Node>

interface RangeLoops {
  readonly breaks: HtmlContext[]
  readonly continues: HtmlContext[]
}

/** What is known of templates so far; a trial of a body works on a copy. */
interface Knowledge {
  /** The place at the end of a template, by its placed name. */
  readonly output: Map<string, HtmlContext>
  readonly called: Set<string>
  /** The nodes of templates by their placed names, with those they were written from. */
  readonly written: Map<string, { readonly template: ParsedTemplate; readonly edits: Edits }>
}

/** The templates that a text of HTML needs, written for their places. Throws a TemplateError: `html/template:NAME:LINE:COLUMN: what`. */
export function escapeTemplates(templates: ReadonlyMap<string, ParsedTemplate>, name: string): ReadonlyMap<string, ParsedTemplate> {
  const escaper = new Escaper(templates)
  const end = escaper.tree(TEXT_CONTEXT, undefined, name).context
  if (end.error !== undefined) throw new TemplateError(escaper.describe(end, name))
  if (end.state !== 'Text') throw new TemplateError(at(name, `ends in a non-text context: ${showContext(end)}`))
  return escaper.result()
}

const at = (name: string, what: string) => (name === '' ? `html/template: ${what}` : `html/template:${name}: ${what}`)

class Escaper {
  readonly #templates: ReadonlyMap<string, ParsedTemplate>
  #known: Knowledge = { output: new Map(), called: new Set(), written: new Map() }
  #loops: RangeLoops[] = []
  /** Of the template whose body is being read. */
  #edits: Edits = new Map()
  #current: ParsedTemplate | undefined
  /** Whose node an error is about. */
  readonly #owners = new WeakMap<Node, ParsedTemplate>()

  constructor(templates: ReadonlyMap<string, ParsedTemplate>) {
    this.#templates = templates
  }

  result(): ReadonlyMap<string, ParsedTemplate> {
    const out = new Map<string, ParsedTemplate>()
    for (const [name, { template, edits }] of this.#known.written)
      out.set(name, { name, source: template.source, body: rewrite(template.body, edits) })
    return out
  }

  describe({ error }: HtmlContext, name: string): string {
    const { node, isStart, text } = error!
    if (node === undefined) return at(name, text)
    const { source } = this.#owners.get(node)!
    const offset = isStart && node.kind !== 'text' ? source.text.lastIndexOf('{{', node.offset) : placeOf(node)
    const column = Buffer.byteLength(source.text.slice(source.text.lastIndexOf('\n', offset - 1) + 1, offset))
    return `html/template:${source.name}:${lineOf(source.text, offset)}:${column}: ${text}`
  }

  tree(c: HtmlContext, node: TemplateNode | undefined, name: string): { readonly context: HtmlContext; readonly name: string } {
    const placed = placedName(c, name)
    this.#known.called.add(placed)
    const known = this.#known.output.get(placed)
    if (known !== undefined) return { context: known, name: placed }
    const template = this.#templates.get(name)
    if (template === undefined) return { context: problem(`no such template ${JSON.stringify(name)}`, node), name: placed }
    return { context: this.#outputOf(c, template, placed), name: placed }
  }

  /** The place after a template: guessed to be that before it, or the one that this guess leads to. */
  #outputOf(c: HtmlContext, template: ParsedTemplate, placed: string): HtmlContext {
    const first = this.#templateBody(c, c, template, placed)
    if (first.holds) return first.context
    const second = this.#templateBody(c, first.context, template, placed)
    if (second.holds) return second.context
    if (first.context.state === 'Error') return first.context
    const [start] = template.body
    if (start !== undefined) this.#owners.set(start, template)
    return problem(`cannot compute output context for template ${placed}`, start, true)
  }

  #templateBody(
    c: HtmlContext,
    guess: HtmlContext,
    template: ParsedTemplate,
    placed: string,
  ): { readonly context: HtmlContext; readonly holds: boolean } {
    this.#known.output.set(placed, guess)
    const outer = { known: this.#known, edits: this.#edits, current: this.#current, loops: this.#loops }
    this.#known = { output: new Map(this.#known.output), called: new Set(), written: new Map(this.#known.written) }
    this.#edits = new Map()
    this.#current = template
    this.#loops = []
    const end = this.#list(c, template.body)
    const trial = { known: this.#known, edits: this.#edits }
    this.#known = outer.known
    this.#edits = outer.edits
    this.#current = outer.current
    this.#loops = outer.loops
    const holds = end.state !== 'Error' && (!trial.known.called.has(placed) || sameContext(guess, end))
    if (!holds) return { context: end, holds }
    const { output, called, written } = trial.known
    for (const [name, after] of output) this.#known.output.set(name, after)
    for (const name of called) this.#known.called.add(name)
    for (const [name, of] of written) this.#known.written.set(name, of)
    this.#known.output.set(placed, end)
    this.#known.written.set(placed, { template, edits: trial.edits })
    return { context: end, holds }
  }

  #list(start: HtmlContext, nodes: readonly Node[]): HtmlContext {
    let c = start
    for (const node of nodes) {
      c = this.#node(c, node)
      if (c.state === 'Dead') break
    }
    return c
  }

  #node(c: HtmlContext, node: Node): HtmlContext {
    this.#owners.set(node, this.#current!)
    switch (node.kind) {
      case 'text':
        return this.#text(c, node)
      case 'action':
        return this.#action(c, node)
      case 'template': {
        const { context, name } = this.tree(c, node, node.name)
        if (name !== node.name) this.#edits.set(node, { ...node, name })
        return context
      }
      case 'break':
      case 'continue': {
        const loops = this.#loops.at(-1)!
        ;(node.kind === 'break' ? loops.breaks : loops.continues).push({ ...c, node })
        return { ...TEXT_CONTEXT, state: 'Dead' }
      }
      default:
        return this.#branch(c, node)
    }
  }

  #branch(c: HtmlContext, node: BranchNode): HtmlContext {
    let after = node.kind === 'range' ? this.#rangeBody(c, node) : this.#list(c, node.body)
    if (node.kind === 'range' && after.state !== 'Error') {
      // The body runs again where it ended: in a trial, whose edits are those of the first run.
      const outer = { known: this.#known, edits: this.#edits }
      this.#known = { output: new Map(outer.known.output), called: new Set(outer.known.called), written: new Map(outer.known.written) }
      this.#edits = new Map()
      this.#loops.push({ breaks: [], continues: [] })
      const again = this.#list(after, node.body)
      const loops = this.#loops.pop()!
      this.#known = outer.known
      this.#edits = outer.edits
      after = joinContexts(after, again, node, 'range')
      if (after.state === 'Error') return retold(after, 'on range loop re-entry: ')
      after = joinLoops(after, loops)
    }
    if (node.kind === 'range' && after.state === 'Error') return after
    const otherwise = node.otherwise === null ? c : this.#list(c, node.otherwise)
    return joinContexts(after, otherwise, node, node.kind)
  }

  #rangeBody(c: HtmlContext, node: BranchNode): HtmlContext {
    this.#loops.push({ breaks: [], continues: [] })
    const after = this.#list(c, node.body)
    const loops = this.#loops.pop()!
    return after.state === 'Error' ? after : joinLoops(after, loops)
  }

  #action(before: HtmlContext, node: ActionNode): HtmlContext {
    if (node.pipe.variables.length > 0) return before
    const c = nudge(before)
    const disallowed = disallowedEscaper(c, node.pipe)
    if (disallowed !== undefined) return problem(`predefined escaper ${JSON.stringify(disallowed)} disallowed in template`, node)
    const { escapers, after, fault } = escapersAt(c)
    if (fault !== undefined) return problem(`${print(node)} ${fault}`, node)
    if (c.state === 'Error') return c
    this.#edits.set(node, { ...node, pipe: withEscapers(node.pipe, escapers) })
    return after
  }

  /** Comments go, and what only looks like the start of a tag is escaped. */
  #text(before: HtmlContext, node: TextNode): HtmlContext {
    const s = node.text
    let c = before
    let out = ''
    let written = 0
    for (let i = 0; i !== s.length; ) {
      const [next, length] = contextAfterText(c, s.slice(i))
      const end = i + length
      if (c.state === 'Text' || c.state === 'RCDATA') {
        const tag = next.state === c.state ? -1 : s.lastIndexOf('<', end - 1)
        const textEnd = tag >= i ? tag : end
        for (let j = s.indexOf('<', i); j >= 0 && j < textEnd; j = s.indexOf('<', j + 1)) {
          if (/^<!doctype/i.test(s.slice(j, j + 9))) continue
          out += `${s.slice(written, j)}&lt;`
          written = j + 1
        }
      } else if (isComment(c.state) && c.delim === 'None') {
        if (c.state === 'JSBlockCmt') out += /[\n\r\u2028\u2029]/.test(s.slice(written, end)) ? '\n' : ' '
        else if (c.state === 'CSSBlockCmt') out += ' '
        written = end
      }
      if (c.state !== next.state && isComment(next.state) && next.delim === 'None') {
        const mark = next.state === 'HTMLCmt' || next.state === 'JSHTMLOpenCmt' ? 4 : next.state === 'JSHTMLCloseCmt' ? 3 : 2
        out += s.slice(written, end - mark)
        written = end
      }
      if (isInScriptLiteral(c.state) && SCRIPT_TAG.test(s.slice(i, end))) {
        out += s.slice(written, i) + s.slice(i, end).replace(SCRIPT_TAGS, '\\x3C$1')
        written = end
      }
      c = next
      i = end
    }
    if (written !== 0 && c.state !== 'Error') {
      if (!isComment(c.state) || c.delim !== 'None') out += s.slice(written)
      this.#edits.set(node, { ...node, text: out })
    }
    return c
  }
}

/** What Go has as the place of a node: an action, a branch is where its pipeline is. */
const placeOf = (node: Node) => ('pipe' in node && node.kind !== 'template' ? node.pipe.offset : node.offset)

const SCRIPT_TAG = /<(?:script|\/script|!--)/i
const SCRIPT_TAGS = /<(script|\/script|!--)/gi

const retold = (c: HtmlContext, before: string): HtmlContext => ({ ...c, error: { ...c.error!, text: before + c.error!.text } })

function joinLoops(start: HtmlContext, { breaks, continues }: RangeLoops): HtmlContext {
  let c = start
  for (const [list, kind] of [
    [breaks, 'break'],
    [continues, 'continue'],
  ] as const)
    for (const left of list) {
      c = joinContexts(c, { ...left, node: undefined }, left.node as LoopNode, 'range')
      if (c.state === 'Error') return retold(c, `at range loop ${kind}: `)
    }
  return c
}

const PREDEFINED = ['html', 'urlquery']

/** One that stands where what comes after it would undo it, or would have to be done. */
function disallowedEscaper(c: HtmlContext, { commands }: Pipe): string | undefined {
  for (const [index, { args }] of commands.entries()) {
    const [first] = args
    if (first?.kind !== 'identifier' || !PREDEFINED.includes(first.name)) continue
    const isUnquoted = c.state === 'Attr' && c.delim === 'SpaceOrTagEnd' && first.name === 'html'
    if (index < commands.length - 1 || isUnquoted) return first.name
  }
  return undefined
}

interface Escaping {
  readonly escapers: readonly string[]
  readonly after: HtmlContext
  readonly fault?: string
}

function escapersAt(c: HtmlContext): Escaping {
  const escapers: string[] = []
  let after = c
  const add = (name: string) => escapers.push(`_html_template_${name}`)
  switch (c.state) {
    case 'URL':
    case 'CSSDqStr':
    case 'CSSSqStr':
    case 'CSSDqURL':
    case 'CSSSqURL':
    case 'CSSURL':
      if (c.urlPart === 'Unknown') return { escapers, after, fault: 'appears in an ambiguous context within a URL' }
      if (c.urlPart === 'None') add('urlfilter')
      if (c.urlPart === 'QueryOrFrag') add('urlescaper')
      else add(c.state === 'CSSDqStr' || c.state === 'CSSSqStr' ? 'cssescaper' : 'urlnormalizer')
      break
    case 'JS':
      add('jsvalescaper')
      // A slash after a value divides.
      after = { ...c, jsCtx: 'DivOp' }
      break
    case 'JSDqStr':
    case 'JSSqStr':
      add('jsstrescaper')
      break
    case 'JSTmplLit':
      add('jstmpllitescaper')
      break
    case 'JSRegexp':
      add('jsregexpescaper')
      break
    case 'CSS':
      add('cssvaluefilter')
      break
    case 'Text':
      add('htmlescaper')
      break
    case 'RCDATA':
      add('rcdataescaper')
      break
    case 'AttrName':
    case 'Tag':
      after = { ...c, state: 'AttrName' }
      add('htmlnamefilter')
      break
    case 'Srcset':
      add('srcsetescaper')
      break
    case 'MetaContentURL':
      add('urlfilter')
      break
    case 'Attr':
    case 'MetaContent':
      break
    default:
      if (isComment(c.state)) add('commentescaper')
  }
  if (c.delim === 'SpaceOrTagEnd') add('nospaceescaper')
  else if (c.delim !== 'None') add('attrescaper')
  return { escapers, after }
}

/** Escapers that are as good as one that users write. */
const EQUIVALENT: Readonly<Record<string, string>> = {
  _html_template_attrescaper: 'html',
  _html_template_htmlescaper: 'html',
  _html_template_rcdataescaper: 'html',
  _html_template_urlescaper: 'urlquery',
  _html_template_urlnormalizer: 'urlquery',
}
const normal = (name: string) => EQUIVALENT[name] ?? name

function withEscapers(pipe: Pipe, needed: readonly string[]): Pipe {
  let commands = [...pipe.commands]
  let escapers = [...needed]
  const command = (name: string): Command => ({
    kind: 'command',
    offset: pipe.offset,
    args: [{ kind: 'identifier', offset: pipe.offset, name }],
  })
  const last = commands.at(-1)
  const [first] = last?.args ?? []
  if (last !== undefined && first?.kind === 'identifier' && PREDEFINED.includes(first.name)) {
    const { name } = first
    if (commands.length === 1 && last.args.length > 1)
      commands = [{ ...last, args: [{ ...first, name: '_eval_args_' }, ...last.args.slice(1)] }, command(name)]
    if (escapers.some((escaper) => normal(escaper) === name)) {
      escapers = escapers.map((escaper) => (normal(escaper) === name ? name : escaper))
      commands = commands.slice(0, -1)
    }
  }
  const there = new Set(commands.flatMap(({ args: [head] }) => (head?.kind === 'identifier' ? [normal(head.name)] : [])))
  for (const escaper of escapers) if (!there.has(normal(escaper))) commands.push(command(escaper))
  return { ...pipe, commands }
}

function rewrite(nodes: readonly Node[], edits: Edits): readonly Node[] {
  return nodes.map((node) => {
    const edited = edits.get(node)
    if (edited !== undefined) return edited
    if (node.kind !== 'if' && node.kind !== 'with' && node.kind !== 'range') return node
    return { ...node, body: rewrite(node.body, edits), otherwise: node.otherwise && rewrite(node.otherwise, edits) }
  })
}
