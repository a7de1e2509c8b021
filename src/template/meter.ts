import { type Command, type Node, type Operand, print } from './nodes.ts'
import type { ParsedTemplate } from './parse.ts'
import { lineOf } from './template-source.ts'
import { GoList, GoObject, GoSafeText, type Value } from './value.ts'
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

/** Where an execution is, and what it has taken so far; ends it where that is more than it may take. */
export class Meter {
  readonly limits: TemplateLimits
  #steps = 0
  #text = 0
  readonly #sizes = new ValueSizes()
  /** What is executed: errors name it. */
  template: ParsedTemplate | undefined
  at: Operand | Command | Node | undefined

  constructor(limits: TemplateLimits) {
    this.limits = limits
  }

  /** So many characters were written, or made. */
  charge(characters: number): void {
    this.#text += characters
    if (this.#text > this.limits.textMax) this.fail(`made more than ${this.limits.textMax} characters`)
  }

  /** A function made this. */
  made(value: Value): void {
    if (typeof value === 'string') this.charge(value.length)
    else if (value instanceof GoSafeText) this.charge(value.text.length)
    else if (value instanceof GoList) this.charge(value.items.length)
    if (value instanceof GoObject && this.#sizes.of(value) > this.limits.textMax)
      this.fail(`made a value of more than ${this.limits.textMax} characters`)
  }

  /** Errors name what was visited last. */
  visit(node: Operand | Command | Node): void {
    this.at = node
    this.#walk(1)
  }

  /** A function may look at all of its arguments, a method at all of what it belongs to. */
  read(value: Value): void {
    const text = value instanceof GoSafeText ? value.text : value
    if (typeof text === 'string') this.#walk(Math.floor(text.length / CHARACTERS_PER_STEP))
    else if (text instanceof GoObject) this.#walk(text.readSteps)
  }

  #walk(steps: number): void {
    this.#steps += steps
    if (this.#steps > this.limits.stepsMax) this.fail(`took more than ${this.limits.stepsMax} steps`)
  }

  /** Throws a TemplateError of the place. */
  fail(message: string): never {
    const { name, source } = this.template as ParsedTemplate
    const node = this.at as Operand | Command | Node
    const line = lineOf(source.text, node.offset)
    const newline = source.text.lastIndexOf('\n', node.offset - 1)
    const column = Buffer.byteLength(source.text.slice(newline + 1, node.offset))
    throw new TemplateError(`template: ${source.name}:${line}:${column}: executing ${JSON.stringify(name)} at <${print(node)}>: ${message}`)
  }
}
