import { test } from 'node:test'
import { proveCheckpoints, proveDamage, proveKills, provePowerLoss } from './crash.ts'

const seed = Number(process.env.PROMONTORY_SEED ?? 20261122)

test('what was acknowledged survives kill -9', async (t) => {
  t.diagnostic(`seed ${seed}`)
  await proveKills({ seed, count: 3, print: (line) => t.diagnostic(line) })
})

test('a damaged log opens, and lacks only what the damage touched', async (t) => {
  t.diagnostic(`seed ${seed}`)
  await proveDamage({ seed, count: 25, print: (line) => t.diagnostic(line) })
})

test('what was durable survives power loss', async (t) => {
  t.diagnostic(`seed ${seed}`)
  await provePowerLoss({ seed, count: 10, print: (line) => t.diagnostic(line) })
})

test('what was acknowledged is back from a checkpoint that was written meanwhile, however the process ended', async (t) => {
  t.diagnostic(`seed ${seed}`)
  await proveCheckpoints({ seed, count: 30, print: (line) => t.diagnostic(line) })
})
