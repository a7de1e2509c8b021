// Files as upstream writes them, without a log of ours beside them, cut at every byte: no start fails for it, and nothing is lost unsaid.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { delimitedMessages } from '../../base/message-fields.ts'
import { behindLength } from '../../base/message-writer.ts'
import { NotificationLog } from '../nflog/notification-log.ts'
import { Silences } from '../silences/silences.ts'

const HOUR = 3_600_000

interface State {
  snapshot(): Uint8Array
  maintain(): Promise<void>
  close(): Promise<void>
}

interface Kind {
  readonly path: string
  open(env: VirtualEnv): Promise<State>
  fill(state: State, env: VirtualEnv): Promise<void>
}

const KINDS: readonly Kind[] = [
  {
    path: '/data/silences',
    open: (env) =>
      Silences.open({ env, path: '/data/silences', retentionMs: HOUR, silencesMax: 0, silenceBytesMax: 0, logsChanges: false }),
    async fill(state, env) {
      const now = env.clock.now()
      for (const comment of ['first', 'x'.repeat(200), 'third'])
        await (state as Silences).set({
          id: '',
          matcherSets: [[{ operator: '=~', name: 'a', value: 'b.*' }]],
          startsAt: now,
          endsAt: now + HOUR,
          createdBy: 'me',
          comment,
          annotations: new Map([['ticket', '1']]),
        })
    },
  },
  {
    path: '/data/nflog',
    open: (env) => NotificationLog.open({ env, path: '/data/nflog', retentionMs: 24 * HOUR, member: 'me' }),
    async fill(state) {
      for (const index of [0, 1, 2])
        (state as NotificationLog).note(
          {
            groupKey: `{}:{a="${'b'.repeat(index * 60)}"}`,
            receiver: { name: 'team', integration: 'webhook', index },
            firing: [1n, (1n << 64n) - 1n],
            resolved: [3n],
            receiverData: [],
            idempotencyKey: 'k',
          },
          HOUR,
        )
    },
  },
]

const messagesOf = (bytes: Uint8Array) => [...delimitedMessages(bytes)].map((message) => Buffer.from(behindLength(message)))

async function begun(kind: Kind, file: Uint8Array): Promise<{ env: VirtualEnv; state: State }> {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  await env.fs.writeFile(kind.path, file)
  return { env, state: await kind.open(env) }
}

const asides = async (env: VirtualEnv) =>
  Promise.all(
    (await env.fs.readDir('/data'))
      .filter((name) => name.includes('.damaged-'))
      .map(async (name) => Buffer.from(await env.fs.readFile(`/data/${name}`))),
  )

for (const kind of KINDS) {
  test(`${kind.path} that is cut has its whole messages, and is kept where it was cut in one`, async () => {
    const { env, state } = await begun(kind, new Uint8Array(0))
    await kind.fill(state, env)
    const whole = Buffer.from(state.snapshot())
    const messages = messagesOf(whole)
    assert.equal(messages.length, 3)
    const ends = messages.map((_, i) => Buffer.concat(messages.slice(0, i + 1)).length)
    for (let cut = 0; cut <= whole.length; cut++) {
      const { env, state } = await begun(kind, whole.subarray(0, cut))
      const wholeCount = ends.filter((end) => end <= cut).length
      assert.deepEqual(messagesOf(state.snapshot()), messages.slice(0, wholeCount), `cut at ${cut}`)
      const isBetween = cut === 0 || ends.includes(cut)
      assert.deepEqual(await asides(env), isBetween ? [] : [whole.subarray(0, cut)], `cut at ${cut}`)
      assert.equal(env.lines.filter(({ level }) => level === 'error').length, isBetween ? 0 : 1, `cut at ${cut}`)
    }
  })

  test(`${kind.path} with a message that says nothing is kept, once`, async () => {
    const { env: filled, state } = await begun(kind, new Uint8Array(0))
    await kind.fill(state, filled)
    const [first, second] = messagesOf(state.snapshot())
    // Its length is right; what it has is a field without its end.
    const strange = Buffer.concat([first!, Uint8Array.of(3, 0x0a, 0x7f, 0x01), second!, Uint8Array.of(200)])
    const { env, state: opened } = await begun(kind, strange)
    assert.deepEqual(messagesOf(opened.snapshot()), [first, second])
    await opened.close()
    // Once as it was found, and once as it was mended.
    const kept = await asides(env)
    assert.equal(kept.length, 2)
    assert.ok(kept.some((bytes) => Buffer.compare(bytes, strange) === 0))
    const again = await kind.open({ ...virtualEnv(), fs: env.fs, clock: env.clock } as VirtualEnv)
    assert.deepEqual(messagesOf(again.snapshot()), [first, second])
    assert.equal((await asides(env)).length, 2)
  })
}
