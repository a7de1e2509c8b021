import { type WasmFunction, wasmModule } from './wasm-code.ts'

// What is used of WebAssembly, which the types of Node leave out.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Memory: new (size: { initial: number }) => WasmMemory
  Instance: new (module: object, imports: object) => { readonly exports: object }
  validate(bytes: Uint8Array<ArrayBuffer>): boolean
}

export const WASM_PAGE_BYTES = 65_536

/** `grow` takes pages; views of `buffer` end with it. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** Code that is compiled once. */
export class WasmProgram<Exports> {
  readonly #functions: readonly WasmFunction[]
  #compiled: object | 'none' | undefined

  constructor(functions: readonly WasmFunction[]) {
    this.#functions = functions
  }

  /**
   * With memory of its own. Undefined where the processor, the limits of the process or how it was started do not allow it. Who has been refused once
   * does not ask again: before it refuses, the engine collects everything there is, more than once.
   */
  start(pages: number): { readonly memory: WasmMemory; readonly exports: Exports } | undefined {
    if (this.#compiled === 'none') return undefined
    try {
      this.#compiled ??= compile(this.#functions)
      if (this.#compiled === 'none') return undefined
      const memory = new WebAssembly.Memory({ initial: pages })
      return { memory, exports: new WebAssembly.Instance(this.#compiled, { env: { memory } }).exports as Exports }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#compiled = 'none'
      return undefined
    }
  }
}

function compile(functions: readonly WasmFunction[]): object | 'none' {
  // Not there when the engine may not make code at all.
  if (typeof WebAssembly === 'undefined') return 'none'
  const bytes = wasmModule(functions)
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : 'none'
}
