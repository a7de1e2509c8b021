import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from './env-virtual.ts'
import { registerProcessMetrics } from './process-metrics.ts'

const build = { version: '1.2.3', revision: 'abc', branch: 'main', buildUser: 'me', buildDate: 'today', goVersion: 'v24.0.0' }

test('process metrics come from /proc', async () => {
  const env = virtualEnv()
  const fields = Array.from({ length: 52 }, (_, index) => String(index + 1))
  fields[1] = '(a) b)'
  const write = async (path: string, text: string) => {
    await env.fs.mkdir(path.slice(0, path.lastIndexOf('/')))
    await env.fs.writeFile(path, text)
  }
  await write('/proc/self/stat', fields.join(' '))
  await write('/proc/stat', 'cpu 1 2\nbtime 1000\n')
  await write('/proc/self/limits', 'Limit  Soft Limit\nMax open files            1024                 4096                 files\n')
  for (const fd of [0, 1, 2]) await write(`/proc/self/fd/${fd}`, '')
  const probe = registerProcessMetrics({ env, build })
  const page = await env.metrics.metrics()
  const check = (line: string) => assert.ok(page.split('\n').includes(line), `${line} in\n${page}`)
  check(`process_cpu_seconds_total ${(14 + 15) / 100}`)
  check('process_start_time_seconds 1000.22')
  check('process_virtual_memory_bytes 23')
  check(`process_resident_memory_bytes ${24 * 4096}`)
  check('process_open_fds 3')
  check('process_max_fds 1024')
  check('promontory_build_info{version="1.2.3",revision="abc",branch="main",goversion="v24.0.0"} 1')
  probe.stop()
})

test('without /proc the page still comes', async () => {
  const env = virtualEnv()
  registerProcessMetrics({ env, build }).stop()
  assert.match(await env.metrics.metrics(), /^process_cpu_seconds_total 0$/m)
})

test('the probe says how late the event loop was', async () => {
  const env = virtualEnv()
  const probe = registerProcessMetrics({ env, build })
  await env.clock.advance(5000)
  assert.match(await env.metrics.metrics(), /^nodejs_eventloop_lag_seconds 0$/m)
  probe.stop()
})
