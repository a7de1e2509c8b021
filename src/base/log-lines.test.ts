import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, type LogFormat } from './log-lines.ts'

function logged(format: LogFormat): string {
  let text = ''
  const log = createLog({
    level: 'info',
    format,
    now: () => 0,
    write: (line) => {
      text += line
    },
  })
  log.debug('not shown')
  log.with({ component: 'tsdb' }).info('log replayed', { segments: 3, durationMs: 12.5, note: 'a "b"', missing: undefined })
  log.error('scrape pool', { error: new Error('no route') })
  return text
}

test('lines are logfmt by default, in the order of upstream', () => {
  assert.equal(
    logged('logfmt'),
    'time=1970-01-01T00:00:00.000Z level=INFO msg="log replayed" component=tsdb segments=3 durationMs=12.5 note="a \\"b\\""\n' +
      'time=1970-01-01T00:00:00.000Z level=ERROR msg="scrape pool" error="no route"\n',
  )
})

test('lines are JSON by flag', () => {
  const [first] = logged('json').split('\n')
  assert.deepEqual(JSON.parse(first), {
    level: 'INFO',
    time: '1970-01-01T00:00:00.000Z',
    component: 'tsdb',
    segments: 3,
    durationMs: 12.5,
    note: 'a "b"',
    msg: 'log replayed',
  })
})
