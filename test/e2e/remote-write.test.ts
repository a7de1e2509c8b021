import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killSender } from '../support/killed-sender.ts'

test('a server that is killed twice while its receiver is away loses nothing that was acknowledged', async () => {
  assert.match(await killSender(), /6000 samples arrived, of 6000/)
})
