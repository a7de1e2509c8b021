import { constant, constantAs, fits, kindName } from './argument-kinds.ts'
import { BUILTINS } from './builtins.ts'
import { Meter, TEMPLATE_LIMITS, TemplateError, TemplateInterrupt, type TemplateLimits } from './meter.ts'
import { type BranchNode, type Command, type Node, type Operand, type Pipe, print, type TemplateNode } from './nodes.ts'
import type { ParsedTemplate } from './parse.ts'
import { sprint } from './sprintf.ts'
import {
  type Callable,
  type FunctionTable,
  GoList,
  GoMap,
  GoObject,
  GoStruct,
  isTrue,
  type Kind,
  printValue,
  typeNameOf,
  type Value,
} from './value.ts'
import { Variables } from './variables.ts'

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
  readonly #meter: Meter
  #depth = 0
  #variables = new Variables(undefined)

  constructor(set: TemplateSet, limits: TemplateLimits) {
    this.#set = set
    this.#meter = new Meter(limits)
  }

  template(template: ParsedTemplate, data: Value): void {
    const outer = { template: this.#meter.template, variables: this.#variables }
    this.#meter.template = template
    this.#variables = new Variables(data)
    this.#body(template.body, data)
    this.#meter.template = outer.template
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
    this.#meter.visit(node)
    switch (node.kind) {
      case 'text':
        this.#write(node.text)
        return 'done'
      case 'action': {
        const value = this.#pipe(node.pipe, dot)
        this.#meter.at = node
        if (node.pipe.variables.length > 0) return 'done'
        this.#meter.read(value)
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
    const mark = this.#variables.count
    const value = this.#pipe(node.pipe, dot)
    const taken = isTrue(value)
    const ended = taken
      ? this.#body(node.body, node.kind === 'with' ? value : dot)
      : node.otherwise === null
        ? 'done'
        : this.#body(node.otherwise, dot)
    this.#variables.cut(mark)
    return ended
  }

  #range(node: BranchNode, dot: Value): void {
    const mark = this.#variables.count
    const value = this.#pipe(node.pipe, dot)
    const inner = this.#variables.count
    const names = node.pipe.variables
    let turns = 0
    const turn = (key: Value, element: Value): boolean => {
      turns++
      this.#meter.visit(node)
      this.#variables.cut(inner)
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
    this.#variables.cut(mark)
    if (turns === 0 && node.otherwise !== null) {
      this.#body(node.otherwise, dot)
      this.#variables.cut(mark)
    }
  }

  #call(node: TemplateNode, dot: Value): void {
    const template = this.#set.templates.get(node.name)
    if (template === undefined) this.#fail(`template ${JSON.stringify(node.name)} not defined`)
    if (this.#depth >= this.#meter.limits.depthMax) this.#fail(`exceeded maximum template depth (${this.#meter.limits.depthMax})`)
    const data = node.pipe === null ? null : this.#pipe(node.pipe, dot)
    this.#depth++
    this.template(template, data)
    this.#depth--
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    this.#meter.visit(pipe)
    let value: Final = NONE
    for (const command of pipe.commands) value = this.#command(command, dot, value)
    const result = value === NONE ? undefined : (value as Value)
    // The variables of a range are set at each turn.
    for (const name of pipe.variables) {
      if (pipe.isAssign) this.#assign(name, result)
      else this.#variables.push(name, result)
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
        this.#meter.visit(first)
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
    this.#meter.visit(node)
    switch (node.kind) {
      case 'field':
        return this.#fields(dot, node.names, node, args, dot, final)
      case 'chain': {
        if (node.operand.kind === 'nil') return this.#fail(`indirection through explicit nil in ${print(node)}`)
        return this.#fields(this.#operand(node.operand, 'any', dot), node.names, node, args, dot, final)
      }
      default: {
        const [name, ...fields] = node.names
        const variable = this.#variables.find(name as string)
        if (variable === undefined) return this.#fail(`undefined variable: ${name}`)
        const { value } = variable
        if (fields.length > 0) return this.#fields(value, fields, node, args, dot, final)
        if (args.length > 1 || final !== NONE) this.#fail(`can't give argument to non-function ${print(node)}`)
        return value
      }
    }
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
        this.#meter.read(receiver)
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
    this.#meter.visit(identifier)
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
    for (const argument of values) this.#meter.read(argument)
    let value: Value
    try {
      value = callable.call(values)
    } catch (error) {
      if (error instanceof TemplateInterrupt) throw error
      this.#meter.at = node
      return this.#fail(`error calling ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#meter.made(value)
    return value
  }

  #operand(operand: Operand, kind: Kind, dot: Value): Value {
    this.#meter.visit(operand)
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
        return constantAs(operand, kind, this.#meter)
    }
  }

  #checked(value: Value, kind: Kind): Value {
    if (fits(value, kind)) return value
    if (value === undefined || value === null) return this.#fail(`invalid value; expected ${kindName(kind)}`)
    return this.#fail(`wrong type for value; expected ${kindName(kind)}; got ${typeNameOf(value)}`)
  }

  #write(text: string): void {
    if (text === '') return
    this.#meter.charge(text.length)
    this.out.push(text)
  }

  #assign(name: string, value: Value): void {
    const variable = this.#variables.find(name)
    if (variable === undefined) this.#fail(`undefined variable: ${name}`)
    variable.value = value
  }

  /** Sets the nth variable from the top: those of a range, which a turn makes anew. */
  #setTop(fromTop: number, value: Value, node: BranchNode): void {
    if (node.pipe.isAssign) this.#assign(node.pipe.variables[0] as string, value)
    else this.#variables.setTop(fromTop, value)
  }

  #fail(message: string): never {
    return this.#meter.fail(message)
  }
}

/** What an action writes. */
function written(value: Value): string {
  return value === undefined || value === null ? '<no value>' : typeof value === 'string' ? value : sprint([value])
}
