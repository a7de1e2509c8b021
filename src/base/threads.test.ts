import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Env, Thread, ThreadEntry } from './env.ts'
import { realEnv } from './env-real.ts'
import { virtualEnv } from './env-virtual.ts'
import type { Asked } from './threads.fixture.ts'

const fixtureEntry: ThreadEntry<Asked, unknown> = {
  file: 'base/threads.fixture',
  load: () => import('./threads.fixture.ts'),
}

interface Place {
  readonly name: string
  readonly env: Env
  readonly lines: readonly unknown[]
  /** Lets things happen until the promise settles. */
  until<T>(promise: Promise<T>): Promise<T>
}

function places(): Place[] {
  const virtual = virtualEnv()
  const lines = virtualEnv()
  return [
    { name: 'real', env: realEnv(lines.log), lines: lines.lines, until: (promise) => promise },
    {
      name: 'virtual',
      env: virtual,
      lines: virtual.lines,
      async until(promise) {
        let isSettled = false
        const settled = () => {
          isSettled = true
        }
        promise.then(settled, settled)
        while (!isSettled) await virtual.clock.advance(1)
        return promise
      },
    },
  ]
}

class Replies {
  readonly #got: unknown[] = []
  #wake: () => void = () => {}

  constructor(thread: Thread<Asked, unknown>) {
    thread.onMessage((message) => {
      this.#got.push(message)
      this.#wake()
    })
  }

  async next(): Promise<unknown> {
    while (this.#got.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#got.shift()
  }
}

for (const { name, env, lines, until } of places()) {
  test(`${name} threads exchange messages by value, and memory that is shared`, async () => {
    const thread = env.threads.start(fixtureEntry)
    const replies = new Replies(thread)
    const ask = (asked: Asked, transfer?: readonly ArrayBuffer[]) => {
      thread.post(asked, transfer)
      return until(replies.next())
    }
    const value = { list: [1, 2], bytes: new Uint8Array([1, 2, 3]) }
    const echoed = await ask({ kind: 'echo', value })
    assert.deepEqual(echoed, value)
    assert.notEqual(echoed, value)

    const shared = new Int32Array(new SharedArrayBuffer(4))
    assert.equal(await ask({ kind: 'add', to: shared, amount: 5 }), 'added')
    assert.equal(Atomics.load(shared, 0), 5)

    const bytes = new Uint8Array([7, 8]).buffer
    const returned = await ask({ kind: 'count', bytes }, [bytes])
    assert.equal(bytes.byteLength, 0)
    assert.deepEqual(new Uint8Array(returned as ArrayBuffer), new Uint8Array([7, 8]))

    assert.equal(await ask({ kind: 'log', line: 'it happened' }), 'logged')
    const [line] = lines as { level: string; message: string; fields: Record<string, unknown> }[]
    assert.deepEqual([line.level, line.message, line.fields['from'], line.fields['value']], ['warn', 'it happened', 'it', 1])

    assert.equal(await ask({ kind: 'wait', delayMs: 2 }), 'waited')
    assert.equal(await ask({ kind: 'end' }), 'ending')
    assert.equal(await until(thread.exited), undefined)
  })

  test(`${name} threads that fail say why`, async () => {
    const thread = env.threads.start(fixtureEntry)
    thread.post({ kind: 'throw', message: 'no more' })
    assert.equal((await until(thread.exited))?.message, 'no more')
  })

  test(`${name} threads can be terminated`, async () => {
    const thread = env.threads.start(fixtureEntry)
    const got: unknown[] = []
    thread.onMessage((message) => got.push(message))
    thread.post({ kind: 'wait', delayMs: 60_000 })
    thread.terminate()
    assert.equal(await until(thread.exited), undefined)
    assert.deepEqual(got, [])
    thread.post({ kind: 'echo', value: 1 })
  })
}

test('a real thread is terminated within a loop', async () => {
  const [{ env }] = places()
  const thread = env.threads.start(fixtureEntry)
  const replies = new Replies(thread)
  thread.post({ kind: 'loop' })
  assert.equal(await replies.next(), 'looping')
  thread.terminate()
  assert.equal(await thread.exited, undefined)
})

test('a virtual thread that was terminated does nothing more, whatever it waits for', async () => {
  const env = virtualEnv()
  const thread = env.threads.start(fixtureEntry)
  thread.post({ kind: 'write', path: '/a', text: 'before' })
  await env.clock.advance(1)
  assert.equal(await env.fs.readText('/a'), 'before')
  thread.post({ kind: 'wait', delayMs: 10 })
  await env.clock.advance(1)
  const got: unknown[] = []
  thread.onMessage((message) => got.push(message))
  assert.deepEqual(got, ['written'])
  thread.terminate()
  thread.post({ kind: 'write', path: '/b', text: 'after' })
  await env.clock.advance(100)
  assert.equal(await env.fs.stat('/b'), null)
  assert.deepEqual(got, ['written'])
})
