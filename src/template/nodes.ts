// What a parsed template is made of. Source: Go text/template/parse; `print` gives the texts that its error messages quote.

export interface TextNode {
  readonly kind: 'text'
  readonly offset: number
  readonly text: string
}

export type Operand =
  | { readonly kind: 'dot'; readonly offset: number }
  | { readonly kind: 'nil'; readonly offset: number }
  | { readonly kind: 'bool'; readonly offset: number; readonly value: boolean }
  /** `int` is null where the constant is no whole number, `float` is null where it fits no float64. */
  | {
      readonly kind: 'number'
      readonly offset: number
      readonly text: string
      readonly int: bigint | null
      readonly float: number
      readonly looksFloat: boolean
    }
  | { readonly kind: 'string'; readonly offset: number; readonly quoted: string; readonly value: string }
  | { readonly kind: 'identifier'; readonly offset: number; readonly name: string }
  | { readonly kind: 'field'; readonly offset: number; readonly names: readonly string[] }
  /** names[0] is the variable with its `$`, what follows are fields of it. */
  | { readonly kind: 'variable'; readonly offset: number; readonly names: readonly string[] }
  | { readonly kind: 'chain'; readonly offset: number; readonly operand: Operand; readonly names: readonly string[] }
  | Pipe

export interface Command {
  readonly kind: 'command'
  readonly offset: number
  readonly args: readonly Operand[]
}

export interface Pipe {
  readonly kind: 'pipe'
  readonly offset: number
  readonly variables: readonly string[]
  readonly isAssign: boolean
  readonly commands: readonly Command[]
}

export interface ActionNode {
  readonly kind: 'action'
  readonly offset: number
  readonly pipe: Pipe
}

export interface BranchNode {
  readonly kind: 'if' | 'with' | 'range'
  readonly offset: number
  readonly pipe: Pipe
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[] | null
}

export interface TemplateNode {
  readonly kind: 'template'
  readonly offset: number
  readonly name: string
  readonly pipe: Pipe | null
}

export interface LoopNode {
  readonly kind: 'break' | 'continue'
  readonly offset: number
}

export type Node = TextNode | ActionNode | BranchNode | TemplateNode | LoopNode

/** A node's text as Go prints it. */
export function print(node: Operand | Command | Node): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'bool':
      return String(node.value)
    case 'number':
      return node.text
    case 'string':
      return node.quoted
    case 'identifier':
      return node.name
    case 'field':
      return node.names.map((name) => `.${name}`).join('')
    case 'variable':
      return node.names.join('.')
    case 'chain':
      return `${node.operand.kind === 'pipe' ? `(${print(node.operand)})` : print(node.operand)}${node.names.map((name) => `.${name}`).join('')}`
    case 'command':
      return node.args.map((arg) => (arg.kind === 'pipe' ? `(${print(arg)})` : print(arg))).join(' ')
    case 'pipe': {
      const head = node.variables.length === 0 ? '' : `${node.variables.join(', ')} ${node.isAssign ? '=' : ':='} `
      return `${head}${node.commands.map(print).join(' | ')}`
    }
    case 'action':
      return `{{${print(node.pipe)}}}`
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipe === null ? '' : ` ${print(node.pipe)}`}}}`
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    default:
      return `{{${node.kind} ${print(node.pipe)}}}${node.body.map(print).join('')}${
        node.otherwise === null ? '' : `{{else}}${node.otherwise.map(print).join('')}`
      }{{end}}`
  }
}
