import { LexError, lexTemplate, type Token } from './lex.ts'
import type { BranchNode, Node, Pipe } from './nodes.ts'
import { PipeParser } from './pipe-parser.ts'
import { lineOf, type TemplateSource } from './template-source.ts'
import { TemplateParseError, TokenStream } from './token-stream.ts'

/** A template that was defined: its body and where it was written, for errors. */
export interface ParsedTemplate {
  readonly name: string
  readonly body: readonly Node[]
  readonly source: TemplateSource
}

/**
 * Parses a text and everything it defines. The first of the answer is the text itself.
 * Source: Go text/template/parse, whose messages are matched. Throws a TemplateParseError.
 */
export function parseTemplate(name: string, text: string, hasFunction: (name: string) => boolean): readonly ParsedTemplate[] {
  const source = { name, text }
  let tokens: readonly Token[]
  try {
    tokens = lexTemplate(text)
  } catch (error) {
    if (error instanceof LexError) throw new TemplateParseError(`template: ${name}:${lineOf(text, error.offset)}: ${error.message}`)
    throw error
  }
  return new Parser(new TokenStream(source, tokens), hasFunction).parse()
}

/** White space alone: such a definition does not take the place of another. Source: Go text/template/parse, IsEmptyTree. */
export function isEmptyTemplate({ body }: ParsedTemplate): boolean {
  return body.every((node) => node.kind === 'text' && node.text.trim() === '')
}

interface Body {
  readonly nodes: readonly Node[]
  /** What ended it: `end`, `else`, or `else if` and `else with`, whose keyword is then the next token. */
  readonly ended: 'end' | 'else' | 'else if' | 'else with'
}

class Parser {
  readonly #tokens: TokenStream
  readonly #pipes: PipeParser
  readonly #templates: ParsedTemplate[] = []
  #rangeDepth = 0

  constructor(tokens: TokenStream, hasFunction: (name: string) => boolean) {
    this.#tokens = tokens
    this.#pipes = new PipeParser(tokens, hasFunction)
  }

  parse(): readonly ParsedTemplate[] {
    const body: Node[] = []
    for (let token = this.#tokens.peek(); token.kind !== 'end'; token = this.#tokens.peek()) {
      if (token.kind === 'open' && this.#tokens.keywordAfter(token) === 'define') {
        this.#define()
        continue
      }
      const node = this.#textOrAction()
      if (node === 'end') this.#tokens.fail('unexpected {{end}}')
      if (node === 'else') this.#tokens.fail('unexpected {{else}}')
      if (node !== null) body.push(node)
    }
    return [{ name: this.#tokens.source.name, body, source: this.#tokens.source }, ...this.#templates]
  }

  #define(): void {
    const context = 'define clause'
    this.#tokens.take()
    this.#tokens.takeNotSpace()
    const name = this.#templateName(this.#tokens.takeNotSpace(), context)
    this.#tokens.expect('close', context)
    const outer = this.#pipes.variables
    this.#pipes.variables = ['$']
    const { nodes, ended } = this.#bodyUntilEnd()
    this.#pipes.variables = outer
    if (ended !== 'end') this.#tokens.fail(`unexpected {{else}} in ${context}`)
    this.#templates.push({ name, body: nodes, source: this.#tokens.source })
  }

  #bodyUntilEnd(): Body {
    const nodes: Node[] = []
    while (this.#tokens.peek().kind !== 'end') {
      const node = this.#textOrAction()
      if (node === 'end') return { nodes, ended: 'end' }
      if (node === 'else') {
        const next = this.#tokens.peekNotSpace()
        if (next.kind === 'keyword' && next.text === 'if') return { nodes, ended: 'else if' }
        if (next.kind === 'keyword' && next.text === 'with') return { nodes, ended: 'else with' }
        this.#tokens.expect('close', 'else')
        return { nodes, ended: 'else' }
      }
      if (node !== null) nodes.push(node)
    }
    return this.#tokens.fail('unexpected EOF')
  }

  /** A node; null for one that leaves nothing, such as a variable of nothing. */
  #textOrAction(): Node | 'end' | 'else' | null {
    const token = this.#tokens.takeNotSpace()
    if (token.kind === 'text') return { kind: 'text', offset: token.offset, text: token.text }
    if (token.kind === 'open') return this.#action()
    return this.#tokens.unexpected(token, 'input')
  }

  #action(): Node | 'end' | 'else' | null {
    const token = this.#tokens.takeNotSpace()
    if (token.kind === 'keyword') {
      switch (token.text) {
        case 'if':
        case 'with':
        case 'range':
          return this.#branch(token.text, token.offset)
        case 'end':
          this.#tokens.expect('close', 'end')
          return 'end'
        case 'else':
          return 'else'
        case 'template':
          return this.#templateCall()
        case 'block':
          return this.#block()
        case 'break':
        case 'continue':
          return this.#loopControl(token.text, token.offset)
        default:
          return this.#tokens.unexpected(token, 'command')
      }
    }
    this.#tokens.back()
    const { offset } = this.#tokens.peek()
    const pipe = this.#pipes.pipe('command', 'close')
    return { kind: 'action', offset, pipe }
  }

  #loopControl(kind: 'break' | 'continue', offset: number): Node {
    const token = this.#tokens.takeNotSpace()
    if (token.kind !== 'close') this.#tokens.unexpected(token, `{{${kind}}}`)
    if (this.#rangeDepth === 0) this.#tokens.fail(`{{${kind}}} outside {{range}}`)
    return { kind, offset }
  }

  #branch(kind: 'if' | 'with' | 'range', offset: number): BranchNode {
    return this.#tokens.inside('max depth exceeded', () => this.#branchInside(kind, offset))
  }

  #branchInside(kind: 'if' | 'with' | 'range', offset: number): BranchNode {
    const variables = this.#pipes.variables.slice()
    const pipe = this.#pipes.pipe(kind, 'close')
    if (kind === 'range') this.#rangeDepth++
    const { nodes, ended } = this.#bodyUntilEnd()
    if (kind === 'range') this.#rangeDepth--
    let otherwise: readonly Node[] | null = null
    if (ended === 'else if' || ended === 'else with') {
      const inner = ended === 'else if' ? 'if' : 'with'
      if (kind !== inner) this.#tokens.unexpected(this.#tokens.takeNotSpace(), 'else')
      const { offset: innerOffset } = this.#tokens.takeNotSpace()
      // `{{else if}}` is an if inside the else that shares its end.
      otherwise = [this.#branch(inner, innerOffset)]
    } else if (ended === 'else') {
      const rest = this.#bodyUntilEnd()
      if (rest.ended !== 'end') this.#tokens.fail('expected end; found {{else}}')
      otherwise = rest.nodes
    }
    this.#pipes.variables = variables
    return { kind, offset, pipe, body: nodes, otherwise }
  }

  #templateCall(): Node {
    const context = 'template clause'
    const token = this.#tokens.takeNotSpace()
    const { offset } = token
    const name = this.#templateName(token, context)
    let pipe: Pipe | null = null
    if (this.#tokens.peekNotSpace().kind === 'close') this.#tokens.takeNotSpace()
    else pipe = this.#pipes.pipe(context, 'close')
    return { kind: 'template', offset, name, pipe }
  }

  #block(): Node {
    const context = 'block clause'
    const token = this.#tokens.takeNotSpace()
    const { offset } = token
    const name = this.#templateName(token, context)
    const pipe = this.#pipes.pipe(context, 'close')
    const outer = this.#pipes.variables
    this.#pipes.variables = ['$']
    const { nodes, ended } = this.#bodyUntilEnd()
    this.#pipes.variables = outer
    if (ended !== 'end') this.#tokens.fail(`unexpected {{else}} in ${context}`)
    this.#templates.push({ name, body: nodes, source: this.#tokens.source })
    return { kind: 'template', offset, name, pipe }
  }

  #templateName(token: Token, context: string): string {
    if (token.kind === 'string' || token.kind === 'rawString') return this.#tokens.unquote(token)
    return this.#tokens.unexpected(token, context)
  }
}
