import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { MessageWriter } from '../../base/message-writer.ts'
import { StateFile } from './state-file.ts'

const PATH = '/data/silences'

function delimited(text: string): Uint8Array {
  const out = new MessageWriter()
  out.lengthBefore((body) => body.text(1, text))
  return out.bytes
}

const textOf = (message: Uint8Array) => Buffer.from(message.subarray(2)).toString()

async function open(env: VirtualEnv) {
  await env.fs.mkdir('/data')
  const { file, messages } = await StateFile.open(env, PATH)
  return { file, texts: messages.map(textOf) }
}

test('what was answered survives the loss of power', async () => {
  const env = virtualEnv()
  const { file } = await open(env)
  await Promise.all([file.append(delimited('a')), file.append(delimited('b'))])
  env.fs.losePower()
  const again = await open(env)
  assert.deepEqual(again.texts, ['a', 'b'])
  assert.equal(await again.file.replace(() => Buffer.concat([delimited('a'), delimited('b')])), 10 - 2)
  assert.equal(again.file.logBytes, 0)
  await again.file.append(delimited('c'))
  env.fs.losePower()
  assert.deepEqual((await open(env)).texts, ['a', 'b', 'c'])
})

test('the end of a log that was not written whole is left out, whatever is missing of it', async () => {
  for (let cut = 1; cut < 12; cut++) {
    const env = virtualEnv()
    const { file } = await open(env)
    await file.append(delimited('first'))
    await file.append(delimited('x'))
    await file.close()
    const bytes = await env.fs.readFile(`${PATH}.log`)
    await env.fs.writeFile(`${PATH}.log`, bytes.subarray(0, bytes.length - cut))
    const again = await open(env)
    assert.deepEqual(again.texts, ['first'])
    await again.file.append(delimited('y'))
    await again.file.close()
    assert.deepEqual((await open(env)).texts, ['first', 'y'])
  }
})

test('a damaged file is put aside, and what can be read of it is used', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  await env.fs.writeFile(PATH, Buffer.concat([delimited('good'), Uint8Array.of(200, 1, 2)]))
  assert.deepEqual((await open(env)).texts, ['good'])
  const names = await env.fs.readDir('/data')
  assert.equal(names.filter((name) => name.startsWith('silences.damaged-')).length, 1)
})

test('what could be read of a damaged file survives the next death, whenever that comes', async () => {
  for (let steps = 0; steps < 12; steps++) {
    const env = virtualEnv()
    await env.fs.mkdir('/data')
    const file = await env.fs.open(PATH, 'create')
    await file.write([Buffer.concat([delimited('good'), Uint8Array.of(200, 1, 2)])], 0)
    await file.sync()
    await env.fs.syncDir('/data')
    const opening = open(env)
    for (let i = 0; i < steps; i++) await Promise.resolve()
    if (steps === 11) await opening
    env.fs.losePower()
    await opening.catch(() => undefined)
    assert.deepEqual((await open(env)).texts, ['good'], `${steps} steps`)
  }
})

test('a record that is damaged costs none of those after it', async () => {
  const env = virtualEnv()
  const { file } = await open(env)
  for (const text of ['one', 'two', 'three']) await file.append(delimited(text))
  await file.close()
  const bytes = Buffer.from(await env.fs.readFile(`${PATH}.log`))
  bytes[bytes.indexOf('two')] ^= 1
  await env.fs.writeFile(`${PATH}.log`, bytes)
  const again = await open(env)
  assert.deepEqual(again.texts, ['one', 'three'])
  const names = await env.fs.readDir('/data')
  assert.equal(names.filter((name) => name.startsWith('silences.log.damaged-')).length, 1)
  await again.file.append(delimited('four'))
  await again.file.close()
  assert.deepEqual((await open(env)).texts, ['one', 'three', 'four'])
})

test('a disk that fails is said to who waits, and what comes after is written', async () => {
  const env = virtualEnv()
  const { file } = await open(env)
  env.fs.failing = { write: 'ENOSPC' }
  await assert.rejects(file.append(delimited('lost')), /write \/data\/silences.log: .*ENOSPC/)
  await assert.rejects(
    file.replace(() => delimited('lost')),
    /write \/data\/silences: .*ENOSPC/,
  )
  env.fs.failing = {}
  await file.append(delimited('kept'))
  await file.close()
  assert.deepEqual((await open(env)).texts, ['kept'])
})
