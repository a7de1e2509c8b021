import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather, doAtOnce } from '../base/breather.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { familyPage } from '../exposition/family-page.ts'
import { negotiate } from '../exposition/negotiate.ts'
import { parseGroupingPath } from './grouping-key.ts'
import { readPushBody } from './push-body.ts'
import { readPushFile, writePushFile } from './push-file.ts'
import { PushStore } from './push-store.ts'
import { pushedJson } from './pushed-json.ts'

const page = (store: PushStore) => Buffer.concat([...familyPage(store.families(), negotiate(undefined, { openMetrics: false }))]).toString()

/** Without what every group says of its pushes. */
const lines = (store: PushStore) =>
  page(store)
    .split('\n')
    .filter((line) => line !== '' && !/^(#|push_)/.test(line))

function setUp(metricsMax?: number) {
  const store = new PushStore(metricsMax)
  let time = 1000
  const push = (path: string, body: string, replaces = false) => {
    const families = doAtOnce(readPushBody(Buffer.from(body), undefined))
    doAtOnce(store.push({ labels: parseGroupingPath(path), families, replaces, time: (time += 1000) }))
  }
  return { store, push }
}

test('grouping paths', () => {
  const check = (path: string, want: Record<string, string> | RegExp) => {
    if (want instanceof RegExp) assert.throws(() => parseGroupingPath(path), { code: 'bad_data', message: want })
    else assert.deepEqual(Object.fromEntries(parseGroupingPath(path)), want)
  }
  check('/job/a', { job: 'a' })
  check('/job/a/', { job: 'a' })
  check('/job/a/instance/b/zone/c d', { job: 'a', instance: 'b', zone: 'c d' })
  check('/job/a/job/b', { job: 'a' })
  check('/job@base64/YS9i/x@base64/', { job: 'a/b', x: '' })
  check('/job@base64/YS9i==/x@base64/=', { job: 'a/b', x: '' })
  check('/job/a/x@base64/w6Q', { job: 'a', x: 'ä' })
  check('/job/', /^job name is required$/)
  check('/job@base64/=', /^job name is required$/)
  check('/job@base64/!', /^invalid base64 encoding in job name "!": illegal base64 data at input byte 0$/)
  check('/job/a/x@base64/YWJjZ', /^invalid base64 encoding for label x="YWJjZ": illegal base64 data at input byte 4$/)
  check('/job/a/x@base64/_w', /no UTF-8/)
  check('/job/a/b', /^odd number of components in label string "\/b"$/)
  check('/job/a/__x/b', /^improper label name "__x"$/)
  check('/job/a/b-c/d', /^improper label name "b-c"$/)
})

test('POST replaces families of a group, PUT the group, a deletion all of it', () => {
  const { store, push } = setUp()
  push('/job/a', 'x 1\ny{instance="z",job="mine"} 2\n')
  push('/job/a/instance/i', 'x 3\n')
  push('/job/a', 'x{l="m"} 4\n')
  assert.deepEqual(lines(store), ['x{instance="i",job="a"} 3', 'x{instance="",job="a",l="m"} 4', 'y{instance="z",job="a"} 2'])
  push('/job/a', 'w 5\n', true)
  assert.deepEqual(lines(store), ['w{instance="",job="a"} 5', 'x{instance="i",job="a"} 3'])
  store.delete(parseGroupingPath('/job/a'))
  store.delete(parseGroupingPath('/job/nowhere'))
  assert.deepEqual(lines(store), ['x{instance="i",job="a"} 3'])
  assert.match(page(store), /^push_time_seconds\{instance="i",job="a"\} 3$/m)
  assert.match(page(store), /^push_failure_time_seconds\{instance="i",job="a"\} 0$/m)
  store.wipe()
  assert.equal(page(store), '')
})

test('a push that would make a bad page is refused, and its group says so', () => {
  const { store, push } = setUp()
  push('/job/a', '# TYPE x counter\nx 1\n# TYPE h histogram\nh_count 1\n')
  const before = lines(store)
  const check = (path: string, body: string, message: RegExp) => {
    assert.throws(() => push(path, body), { code: 'bad_data', message })
    assert.deepEqual(lines(store), before)
  }
  check('/job/b', '# TYPE x gauge\nx 1\n', /^collected metric "x" is a gauge, should be a counter$/)
  check('/job/b', 'x 1 1700000000000\n', /^pushed metrics must not have timestamps$/)
  check('/job/b', 'y 1\ny 2\n', /^collected metric "y" \{ instance="" job="b" \} was collected before with the same name and label values$/)
  check('/job/b', 'h_sum 1\n', /^collected metric named "h_sum" collides with previously collected histogram named "h"$/)
  check('/job/b', 'y{__z="1"} 1\n', /has a label with an invalid name: __z$/)
  assert.match(page(store), /^push_failure_time_seconds\{instance="",job="b"\} 7$/m)
  assert.match(page(store), /^push_time_seconds\{instance="",job="b"\} 0$/m)
  assert.deepEqual(
    pushedJson(store).map((group) => group['last_push_successful']),
    [true, false],
  )
  push('/job/b', 'y 1\n')
  assert.equal(pushedJson(store)[1]['last_push_successful'], true)
  // Its own times would be those of the group without the label: upstream's page is broken from then on.
  const whole = page(store)
  assert.throws(() => push('/job/a/instance@base64/', 'z 1\n'), /push_time_seconds.*was collected before/)
  assert.equal(page(store), whole)
  // What is gone is in nobody's way.
  store.delete(parseGroupingPath('/job/a'))
  push('/job/b', '# TYPE x gauge\nx 1\nh_sum 1\n')
})

test('pushes that are refused for their number leave nothing behind, and what they replace does not count', () => {
  const { store, push } = setUp(12)
  push('/job/a', 'x{n="1"} 1\nx{n="2"} 1\nx{n="3"} 1\nx{n="4"} 1\ny 1\n')
  push('/job/a', 'x{n="1"} 2\nx{n="2"} 2\nx{n="3"} 2\nx{n="4"} 2\n')
  push('/job/a', 'z{n="1"} 3\nz{n="2"} 3\nz{n="3"} 3\nz{n="4"} 3\nz{n="5"} 3\nz{n="6"} 3\nz{n="7"} 3\n', true)
  const whole = page(store)
  for (let i = 0; i < 5; i++) assert.throws(() => push(`/job/b${i}`, 'x 1\nx 2\n'), /^CodedError: more than 12 metrics were pushed/)
  assert.equal(page(store), whole)
  assert.equal(store.groups.length, 1)
})

test('what was pushed is back from its file, bit for bit', async () => {
  const { fs, clock } = virtualEnv()
  await fs.mkdir('/data')
  const { store, push } = setUp()
  push('/job/a', '# HELP x About.\n# TYPE x counter\nx{ä="1"} 1\n'.replace('ä', 'b'))
  push(
    '/job/b/zone/ü',
    '# TYPE h histogram\nh_bucket{le="1"} 2\nh_sum NaN\nh_count 3\n# TYPE s summary\ns{quantile="0.5"} -Inf\ns_sum 1e-300\ns_count 1\nu 0.1\n',
  )
  assert.throws(() => push('/job/b/zone/ü', 'u 1 5\n'))
  await writePushFile(fs, '/data/pushgateway.json', store, new Breather(clock))
  const restored = new PushStore()
  await readPushFile(fs, '/data/pushgateway.json', restored)
  assert.equal(page(restored), page(store))
  assert.deepEqual(pushedJson(restored), pushedJson(store))
  await readPushFile(fs, '/data/none.json', restored)
  await fs.writeFile('/data/pushgateway.json', '{"version":2}')
  await assert.rejects(readPushFile(fs, '/data/pushgateway.json', restored), {
    message: 'read /data/pushgateway.json: found version 2, want 1',
  })
})
