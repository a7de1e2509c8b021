import { BUILTINS } from './builtins.ts'
import { type BranchNode, type Command, type Node, type Operand, type Pipe, print, type TemplateNode } from './nodes.ts'
import { lineOf, type ParsedTemplate } from './parse.ts'
import { sprint } from './sprintf.ts'
import {
  type Callable,
  type FunctionTable,
  GoList,
  GoMap,
  GoObject,
  GoSafeText,
  GoStruct,
  isTrue,
  type Kind,
  printValue,
  typeNameOf,
  type Value,
} from './value.ts'
import { ValueSizes } from './value-sizes.ts'

/** What one execution may use: a template of a hostile hand ends with an error and takes nothing with it. */
export interface TemplateLimits {
  /** Nodes, operands and loop turns walked, and what functions have to read: CHARACTERS_PER_STEP a step. */
  readonly stepsMax: number
  /** Characters written, and characters made by functions on the way; and those that any value would have if it was written. */
  readonly textMax: number
  /** Templates that call templates. */
  readonly depthMax: number
}

export const TEMPLATE_LIMITS: TemplateLimits = { stepsMax: 5_000_000, textMax: 32 * 1024 * 1024, depthMax: 1000 }

const CHARACTERS_PER_STEP = 64

/** A template that could not be executed. The message is Go's: `template: NAME:LINE:COLUMN: executing "NAME" at <what>: why`. */
export class TemplateError extends Error {}

/** What ends an execution without being an error of the template, such as an answer that has to be fetched first. */
export class TemplateInterrupt extends Error {}

/** Templates by name, the functions they may call, and what a missing key of a map of anything gives. */
export interface TemplateSet {
  readonly templates: ReadonlyMap<string, ParsedTemplate>
  readonly functions: FunctionTable
}

/** Executes the template of a name on `data`, the value of its dot. Throws a TemplateError. Source: Go text/template, exec.go. */
export function executeTemplate(set: TemplateSet, name: string, data: Value, limits: TemplateLimits = TEMPLATE_LIMITS): string {
  const template = set.templates.get(name)
  if (template === undefined)
    throw new TemplateError(`template: no template ${JSON.stringify(name)} associated with template ${JSON.stringify(name)}`)
  const run = new Run(set, limits)
  try {
    run.template(template, data)
  } catch (error) {
    // Each template may have some levels of its own.
    if (error instanceof RangeError) throw new TemplateError(`template: ${name}: exceeded maximum template depth`, { cause: error })
    throw error
  }
  return run.out.join('')
}

interface Variable {
  readonly name: string
  value: Value
}

interface FieldAccess {
  readonly receiver: Value
  readonly declared: string | undefined
  readonly name: string
}

/** What a body ended with: nothing special, or a loop control on its way to its range. */
type Ended = 'done' | 'break' | 'continue'

/** The value that is piped into a command; NONE for the first. */
const NONE = Symbol('no final value')
type Final = Value | typeof NONE

class Run {
  readonly out: string[] = []
  readonly #set: TemplateSet
  readonly #limits: TemplateLimits
  #steps = 0
  #text = 0
  #depth = 0
  readonly #sizes = new ValueSizes()
  #variables: Variable[] = []
  #current: ParsedTemplate | undefined
  #at: Operand | Command | Node | undefined

  constructor(set: TemplateSet, limits: TemplateLimits) {
    this.#set = set
    this.#limits = limits
  }

  template(template: ParsedTemplate, data: Value): void {
    const outer = { current: this.#current, variables: this.#variables }
    this.#current = template
    this.#variables = [{ name: '$', value: data }]
    this.#body(template.body, data)
    this.#current = outer.current
    this.#variables = outer.variables
  }

  #body(nodes: readonly Node[], dot: Value): Ended {
    for (const node of nodes) {
      const ended = this.#node(node, dot)
      if (ended !== 'done') return ended
    }
    return 'done'
  }

  #node(node: Node, dot: Value): Ended {
    this.#visit(node)
    switch (node.kind) {
      case 'text':
        this.#write(node.text)
        return 'done'
      case 'action': {
        const value = this.#pipe(node.pipe, dot)
        this.#at = node
        if (node.pipe.variables.length > 0) return 'done'
        this.#read(value)
        this.#write(written(value))
        return 'done'
      }
      case 'if':
      case 'with':
        return this.#branch(node, dot)
      case 'range':
        this.#range(node, dot)
        return 'done'
      case 'template':
        this.#call(node, dot)
        return 'done'
      default:
        return node.kind
    }
  }

  #branch(node: BranchNode, dot: Value): Ended {
    const mark = this.#variables.length
    const value = this.#pipe(node.pipe, dot)
    const taken = isTrue(value)
    const ended = taken
      ? this.#body(node.body, node.kind === 'with' ? value : dot)
      : node.otherwise === null
        ? 'done'
        : this.#body(node.otherwise, dot)
    this.#variables.length = mark
    return ended
  }

  #range(node: BranchNode, dot: Value): void {
    const mark = this.#variables.length
    const value = this.#pipe(node.pipe, dot)
    const inner = this.#variables.length
    const names = node.pipe.variables
    let turns = 0
    const turn = (key: Value, element: Value): boolean => {
      turns++
      this.#visit(node)
      this.#variables.length = inner
      if (names.length === 1) this.#setTop(1, isIteratedInt ? key : element, node)
      else if (names.length === 2) {
        if (node.pipe.isAssign) {
          this.#assign(names[0] as string, key)
          this.#assign(names[1] as string, element)
        } else {
          this.#setTop(2, key, node)
          this.#setTop(1, element, node)
        }
      }
      return this.#body(node.body, element) !== 'break'
    }
    const isIteratedInt = typeof value === 'bigint'
    if (typeof value === 'bigint') {
      if (names.length > 1) this.#fail(`can't use ${value} to iterate over more than one variable`)
      for (let i = 0n; i < value; i++) if (!turn(i, i)) break
    } else if (value instanceof GoList) {
      for (const [i, item] of value.items.entries()) if (!turn(BigInt(i), item)) break
    } else if (value instanceof GoMap) {
      for (const key of value.sortedKeys()) if (!turn(key, value.entries.get(key))) break
    } else if (value !== null && value !== undefined) this.#fail(`range can't iterate over ${printValue(value, false)}`)
    this.#variables.length = mark
    if (turns === 0 && node.otherwise !== null) {
      this.#body(node.otherwise, dot)
      this.#variables.length = mark
    }
  }

  #call(node: TemplateNode, dot: Value): void {
    const template = this.#set.templates.get(node.name)
    if (template === undefined) this.#fail(`template ${JSON.stringify(node.name)} not defined`)
    if (this.#depth >= this.#limits.depthMax) this.#fail(`exceeded maximum template depth (${this.#limits.depthMax})`)
    const data = node.pipe === null ? null : this.#pipe(node.pipe, dot)
    this.#depth++
    this.template(template, data)
    this.#depth--
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    this.#visit(pipe)
    let value: Final = NONE
    for (const command of pipe.commands) value = this.#command(command, dot, value)
    const result = value === NONE ? undefined : (value as Value)
    // The variables of a range are set at each turn.
    for (const name of pipe.variables) {
      if (pipe.isAssign) this.#assign(name, result)
      else this.#variables.push({ name, value: result })
    }
    return result
  }

  #command(command: Command, dot: Value, final: Final): Value {
    const first = command.args[0] as Operand
    switch (first.kind) {
      case 'field':
      case 'chain':
      case 'variable':
        return this.#access(first, command.args, dot, final)
      case 'identifier':
        return this.#function(first, command, dot, final)
      case 'pipe':
        this.#notAFunction(command, final)
        return this.#pipe(first, dot)
      default:
        this.#visit(first)
        this.#notAFunction(command, final)
        if (first.kind === 'nil') return this.#fail('nil is not a command')
        return constant(first, dot)
    }
  }

  #notAFunction(command: Command, final: Final): void {
    if (command.args.length > 1 || final !== NONE) this.#fail(`can't give argument to non-function ${print(command.args[0] as Operand)}`)
  }

  /** A field, a chain of fields or a variable, called with what follows it. */
  #access(node: Operand & { kind: 'field' | 'chain' | 'variable' }, args: readonly Operand[], dot: Value, final: Final): Value {
    this.#visit(node)
    switch (node.kind) {
      case 'field':
        return this.#fields(dot, node.names, node, args, dot, final)
      case 'chain': {
        if (node.operand.kind === 'nil') return this.#fail(`indirection through explicit nil in ${print(node)}`)
        return this.#fields(this.#operand(node.operand, 'any', dot), node.names, node, args, dot, final)
      }
      default: {
        const [name, ...fields] = node.names
        const value = this.#variable(name as string)
        if (fields.length > 0) return this.#fields(value, fields, node, args, dot, final)
        if (args.length > 1 || final !== NONE) this.#fail(`can't give argument to non-function ${print(node)}`)
        return value
      }
    }
  }

  #variable(name: string): Value {
    const variable = this.#variables.findLast((candidate) => candidate.name === name)
    return variable === undefined ? this.#fail(`undefined variable: ${name}`) : variable.value
  }

  #assign(name: string, value: Value): void {
    const variable = this.#variables.findLast((candidate) => candidate.name === name)
    if (variable === undefined) this.#fail(`undefined variable: ${name}`)
    variable.value = value
  }

  /** Sets the nth variable from the top: those of a range, which a turn makes anew. */
  #setTop(fromTop: number, value: Value, node: BranchNode): void {
    if (node.pipe.isAssign) this.#assign(node.pipe.variables[0] as string, value)
    else (this.#variables[this.#variables.length - fromTop] as Variable).value = value
  }

  /** A chain of fields; the last may be a method with arguments. */
  #fields(start: Value, names: readonly string[], node: Operand, args: readonly Operand[], dot: Value, final: Final): Value {
    let value = start
    let declared: string | undefined
    for (const [index, name] of names.entries()) {
      const receiver = value
      const isLast = index === names.length - 1
      value = this.#field({ receiver, declared, name }, node, isLast ? args : [node], dot, isLast ? final : NONE)
      declared = receiver instanceof GoMap && receiver.zero === undefined ? 'interface {}' : undefined
    }
    return value
  }

  /** `declared`: the type that errors name where it is not the value's own but that of what held it. */
  #field({ receiver, declared, name }: FieldAccess, node: Operand, args: readonly Operand[], dot: Value, final: Final): Value {
    const hasArgs = args.length > 1 || final !== NONE
    if (receiver === undefined) return undefined
    if (receiver === null) return this.#fail(`nil pointer evaluating interface {}.${name}`)
    if (receiver instanceof GoObject) {
      const method = receiver.method(name)
      if (method !== undefined) {
        this.#read(receiver)
        return this.#invoke(name, method, args, node, dot, final)
      }
      if (receiver instanceof GoStruct && receiver.fields.has(name)) {
        if (hasArgs) return this.#fail(`${name} has arguments but cannot be invoked as function`)
        return receiver.fields.get(name)
      }
      if (receiver instanceof GoMap) {
        if (hasArgs) return this.#fail(`${name} is not a method but has arguments`)
        return receiver.entries.has(name) ? receiver.entries.get(name) : receiver.zero
      }
    }
    return this.#fail(`can't evaluate field ${name} in type ${declared ?? typeNameOf(receiver)}`)
  }

  #function(identifier: Operand & { kind: 'identifier' }, command: Command, dot: Value, final: Final): Value {
    this.#visit(identifier)
    const { name } = identifier
    const callable = this.#set.functions.get(name) ?? BUILTINS.get(name)
    if (callable === undefined) return this.#fail(`${JSON.stringify(name)} is not a defined function`)
    if ((name === 'and' || name === 'or') && callable === BUILTINS.get(name)) return this.#shortCircuit(name, command, dot, final)
    return this.#invoke(name, callable, command.args, command, dot, final)
  }

  /** `and` and `or` stop at the first argument that decides. */
  #shortCircuit(name: string, command: Command, dot: Value, final: Final): Value {
    const operands = command.args.slice(1)
    if (operands.length === 0 && final === NONE) this.#fail(`wrong number of args for ${name}: want at least 1 got 0`)
    let value: Value
    for (const operand of operands) {
      value = this.#operand(operand, 'any', dot)
      if (isTrue(value) === (name === 'or')) return value
    }
    return final === NONE ? value : (final as Value)
  }

  /** `node` is what an error of the call itself names. */
  #invoke(name: string, callable: Callable, args: readonly Operand[], node: Operand | Command, dot: Value, final: Final): Value {
    const { params, rest } = callable
    const operands = args.slice(1)
    const count = operands.length + (final === NONE ? 0 : 1)
    if (rest !== undefined ? count < params.length : count !== params.length) {
      this.#fail(`wrong number of args for ${name}: want ${rest === undefined ? '' : 'at least '}${params.length} got ${count}`)
    }
    const kindAt = (index: number): Kind => params[index] ?? rest ?? 'any'
    const values = operands.map((operand, index) => this.#operand(operand, kindAt(index), dot))
    if (final !== NONE) values.push(this.#checked(final as Value, kindAt(values.length)))
    for (const argument of values) this.#read(argument)
    let value: Value
    try {
      value = callable.call(values)
    } catch (error) {
      if (error instanceof TemplateInterrupt) throw error
      this.#at = node
      return this.#fail(`error calling ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (typeof value === 'string') this.#charge(value.length)
    else if (value instanceof GoSafeText) this.#charge(value.text.length)
    else if (value instanceof GoList) this.#charge(value.items.length)
    if (value instanceof GoObject && this.#sizes.of(value) > this.#limits.textMax)
      this.#fail(`made a value of more than ${this.#limits.textMax} characters`)
    return value
  }

  #operand(operand: Operand, kind: Kind, dot: Value): Value {
    this.#visit(operand)
    switch (operand.kind) {
      case 'dot':
        return this.#checked(dot, kind)
      case 'nil':
        if (kind === 'any' || kind === 'list' || kind === 'strings') return null
        return this.#fail(`cannot assign nil to ${kindName(kind)}`)
      case 'field':
      case 'chain':
      case 'variable':
        return this.#checked(this.#access(operand, [operand], dot, NONE), kind)
      case 'pipe':
        return this.#checked(this.#pipe(operand, dot), kind)
      case 'identifier':
        return this.#checked(this.#function(operand, { kind: 'command', offset: operand.offset, args: [operand] }, dot, NONE), kind)
      default:
        return this.#constantAs(operand, kind)
    }
  }

  #constantAs(operand: Operand & { kind: 'bool' | 'number' | 'string' }, kind: Kind): Value {
    const expected = (what: string): never => this.#fail(`expected ${what}; found ${print(operand)}`)
    switch (kind) {
      case 'any':
        return constant(operand, null)
      case 'string':
        return operand.kind === 'string' ? operand.value : expected('string')
      case 'bool':
        return operand.kind === 'bool' ? operand.value : expected('boolean')
      case 'int':
        return operand.kind === 'number' && operand.int !== null ? operand.int : expected('integer')
      case 'float':
        return operand.kind === 'number' ? operand.float : expected('float')
      default:
        return this.#fail(`can't handle ${print(operand)} for arg of type ${kindName(kind)}`)
    }
  }

  #checked(value: Value, kind: Kind): Value {
    if (fits(value, kind)) return value
    if (value === undefined || value === null) return this.#fail(`invalid value; expected ${kindName(kind)}`)
    return this.#fail(`wrong type for value; expected ${kindName(kind)}; got ${typeNameOf(value)}`)
  }

  #write(text: string): void {
    if (text === '') return
    this.#charge(text.length)
    this.out.push(text)
  }

  #charge(characters: number): void {
    this.#text += characters
    if (this.#text > this.#limits.textMax) this.#fail(`made more than ${this.#limits.textMax} characters`)
  }

  /** Errors name what was visited last. */
  #visit(node: Operand | Command | Node): void {
    this.#at = node
    this.#walk(1)
  }

  /** A function may look at all of its arguments, a method at all of what it belongs to. */
  #read(value: Value): void {
    const text = value instanceof GoSafeText ? value.text : value
    if (typeof text === 'string') this.#walk(Math.floor(text.length / CHARACTERS_PER_STEP))
    else if (text instanceof GoObject) this.#walk(text.readSteps)
  }

  #walk(steps: number): void {
    this.#steps += steps
    if (this.#steps > this.#limits.stepsMax) this.#fail(`took more than ${this.#limits.stepsMax} steps`)
  }

  #fail(message: string): never {
    const { name, source } = this.#current as ParsedTemplate
    const node = this.#at as Operand | Command | Node
    const line = lineOf(source.text, node.offset)
    const newline = source.text.lastIndexOf('\n', node.offset - 1)
    const column = Buffer.byteLength(source.text.slice(newline + 1, node.offset))
    throw new TemplateError(`template: ${source.name}:${line}:${column}: executing ${JSON.stringify(name)} at <${print(node)}>: ${message}`)
  }
}

/** What an action writes. */
function written(value: Value): string {
  return value === undefined || value === null ? '<no value>' : typeof value === 'string' ? value : sprint([value])
}

function constant(operand: Operand, dot: Value): Value {
  switch (operand.kind) {
    case 'bool':
    case 'string':
      return operand.value
    case 'number':
      return operand.looksFloat || operand.int === null ? operand.float : operand.int
    default:
      return dot
  }
}

function fits(value: Value, kind: Kind): boolean {
  switch (kind) {
    case 'any':
      return true
    case 'string':
      return typeof value === 'string'
    case 'int':
      return typeof value === 'bigint'
    case 'float':
      return typeof value === 'number'
    case 'bool':
      return typeof value === 'boolean'
    case 'list':
    case 'strings':
      return value === null || value === undefined || (value instanceof GoList && value.typeName === KIND_NAMES[kind])
    default:
      return value instanceof GoObject && value.typeName === kind.type
  }
}

const KIND_NAMES = {
  any: 'interface {}',
  string: 'string',
  int: 'int',
  float: 'float64',
  bool: 'bool',
  list: '[]interface {}',
  strings: '[]string',
} as const

const kindName = (kind: Kind): string => (typeof kind === 'string' ? KIND_NAMES[kind] : kind.type)
