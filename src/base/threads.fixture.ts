import type { ThreadMain } from './env.ts'

export type Asked =
  | { readonly kind: 'echo'; readonly value: unknown }
  | { readonly kind: 'add'; readonly to: Int32Array; readonly amount: number }
  | { readonly kind: 'count'; readonly bytes: ArrayBuffer }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'throw'; readonly message: string }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'loop' }
  | { readonly kind: 'end' }

/** Does what it is told. */
export const runThread: ThreadMain<Asked, unknown> = (port, env) =>
  new Promise((resolve, reject) => {
    const act = async (asked: Asked) => {
      switch (asked.kind) {
        case 'echo':
          return port.post(asked.value)
        case 'add':
          Atomics.add(asked.to, 0, asked.amount)
          return port.post('added')
        case 'count':
          return port.post(asked.bytes, [asked.bytes])
        case 'log':
          env.log.with({ from: 'it' }).warn(asked.line, { value: 1 })
          return port.post('logged')
        case 'throw':
          return reject(new Error(asked.message))
        case 'wait':
          return void env.clock.setTimer(asked.delayMs, () => port.post('waited'))
        case 'write':
          await env.fs.writeFile(asked.path, asked.text)
          return port.post('written')
        case 'loop':
          port.post('looping')
          for (;;);
        case 'end':
          port.post('ending')
          return resolve()
      }
    }
    port.onMessage((asked) => void act(asked))
  })
