import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertOf, problemsOf, receiverBench, requestOf } from '../../../test/support/receiver-bench.ts'

const FIRING = alertOf({ alertname: 'High', job: 'a<b>&"' }, { summary: 'é' })
const OVER = alertOf({ alertname: 'High', job: 'c' }, { summary: 'é' }, { over: true, generatorUrl: '' })

test('a webhook is sent the group as upstream writes it, with a key for those who take one', async () => {
  const bench = await receiverBench('webhook_configs: [{url: "http://r/hook?x=1"}]')
  const { failure, requests } = await bench.send(requestOf([FIRING, OVER]))
  assert.equal(failure, undefined)
  const [{ method, url, headers, body }] = requests
  assert.deepEqual(
    [method, url, headers['content-type'], headers['idempotency-key'], headers['content-length']],
    ['POST', 'r/hook?x=1', 'application/json', 'key-1', String(Buffer.byteLength(body))],
  )
  assert.equal(
    body,
    `{"receiver":"team","status":"firing","alerts":[${[
      '{"status":"firing","labels":{"alertname":"High","job":"a\\u003cb\\u003e\\u0026\\""},"annotations":{"summary":"é"},"startsAt":"2025-12-31T23:59:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/g?x=1\\u0026y=2","fingerprint":"6920dfa449c6c416"}',
      '{"status":"resolved","labels":{"alertname":"High","job":"c"},"annotations":{"summary":"é"},"startsAt":"2025-12-31T23:59:00Z","endsAt":"2025-12-31T23:59:59Z","generatorURL":"","fingerprint":"8a7a34eb9e97b9b2"}',
    ].join(
      ',',
    )}],"notification_reason":"first notification","groupLabels":{"alertname":"High"},"commonLabels":{"alertname":"High"},"commonAnnotations":{"summary":"é"},"externalURL":"http://am.example:9093","version":"4","groupKey":"{}:{alertname=\\"High\\"}","truncatedAlerts":0}\n`,
  )
})

test('max_alerts leaves out the rest and says how many', async () => {
  const bench = await receiverBench('webhook_configs: [{url: "http://r/", max_alerts: 1}]')
  const { requests } = await bench.send(requestOf([OVER, FIRING]))
  const { alerts, status, truncatedAlerts, commonLabels } = JSON.parse(requests[0].body)
  assert.deepEqual([alerts.length, status, truncatedAlerts, commonLabels.job], [1, 'resolved', 1, 'c'])
})

test('the URL may be a template or stand in a file, which is read each time', async () => {
  const template = await receiverBench('webhook_configs: [{url: "http://r/{{ .GroupLabels.alertname }}"}]')
  assert.equal((await template.send(requestOf([FIRING]))).requests[0].url, 'r/High')
  const file = await receiverBench('webhook_configs: [{url_file: /etc/url}]', { files: { '/etc/url': 'http://r/a\n' } })
  assert.equal((await file.send(requestOf([FIRING]))).requests[0].url, 'r/a')
  await file.env.fs.writeFile('/etc/url', 'http://other/{{ .Status }}\n')
  assert.equal((await file.send(requestOf([FIRING]))).requests[0].url, 'other/firing')
  await file.env.fs.remove('/etc/url')
  assert.deepEqual((await file.send(requestOf([FIRING]))).failure, {
    message: 'unable to read file /etc/url: open /etc/url: no such file or directory',
    retry: false,
    reason: 'other',
  })
})

test('a payload of the user’s own takes the place of the message, its texts read as YAML', async () => {
  const payload =
    '{text: "{{ .Status }}", "n{{ .Status }}": "{{ len .Alerts }}", list: [1, true, "{{ .CommonLabels | toJson }}"], b: {z: null, a: "x: z"}}'
  const bench = await receiverBench(`webhook_configs: [{url: "http://r/", payload: ${payload}}]`)
  const { requests } = await bench.send(requestOf([FIRING]))
  assert.equal(
    requests[0].body,
    '{"b":{"a":{"x":"z"},"z":null},"list":[1,true,{"alertname":"High","job":"a\\u003cb\\u003e\\u0026\\""}],"nfiring":1,"text":"firing"}\n',
  )
})

test('what an alert says is no template', async () => {
  const bench = await receiverBench('webhook_configs: [{url: "http://r/", payload: {text: "[{{ .CommonAnnotations.summary }}]"}}]')
  const { requests } = await bench.send(requestOf([alertOf({ alertname: 'x' }, { summary: "'x {{ .Status }}'" })]))
  assert.equal(requests[0].body, '{"text":["x {{ .Status }}"]}\n')
})

test('what the server answers says whether it is tried again', async () => {
  const bench = await receiverBench('webhook_configs: [{url: "http://r/secret"}]')
  const check = async (status: number, message: string, retry: boolean, reason: string) =>
    assert.deepEqual((await bench.send(requestOf([FIRING]), () => ({ status, body: 'why' }))).failure, { message, retry, reason })
  await check(500, 'unexpected status code 500: why', true, 'serverError')
  await check(503, 'unexpected status code 503: why', true, 'serverError')
  await check(404, 'unexpected status code 404: why', false, 'clientError')
  await check(429, 'unexpected status code 429: why', false, 'clientError')
  await check(300, 'unexpected status code 300: why', false, 'other')
  const silent = await bench.send(requestOf([FIRING]), () => ({ silent: true }))
  assert.deepEqual(silent.failure, {
    message: 'Post "<redacted>": context deadline exceeded',
    retry: true,
    reason: 'contextDeadlineExceeded',
  })
})

test('a server that is not there, and one that takes longer than it may', async () => {
  const absent = await receiverBench('webhook_configs: [{url: "http://u:secret@nobody/secret"}]')
  const { failure } = await absent.send(requestOf([FIRING]))
  assert.equal(failure?.retry, true)
  assert.match(failure?.message ?? '', /^Post "<redacted>": .*refused/)
  const slow = await receiverBench('webhook_configs: [{url: "http://r/", timeout: 500ms}]')
  assert.deepEqual((await slow.send(requestOf([FIRING]), () => ({ silent: true }))).failure, {
    message: 'Post "<redacted>": context deadline exceeded: configured webhook timeout reached (500ms)',
    retry: true,
    reason: 'contextDeadlineExceeded',
  })
})

test('an entry that cannot work is refused in upstream’s words', () => {
  const check = (entry: string, ...want: string[]) => assert.deepEqual(problemsOf(`webhook_configs: [${entry}]`), want, entry)
  check('{url: "http://x"}')
  check('{url: "<secret>"}')
  check('{}', ': one of url or url_file must be configured')
  check('{url: "http://x", url_file: y}', 'url_file: at most one of url & url_file must be configured')
  check('{url: "ftp://x"}', 'url: invalid URL: unsupported scheme "ftp" for URL')
  check('{url: "http://"}', 'url: invalid URL: missing host for URL')
  check('{url: "http:x"}', 'url: invalid URL: missing host for URL')
  check('{url: "x"}', 'url: invalid URL: unsupported scheme "" for URL')
  check('{url: "http://x/%zz"}', 'url: invalid URL: invalid URL escape "%zz"')
  check('{url: "http://a b/"}', 'url: invalid URL: invalid character " " in host name')
  check('{url: "http://[::1"}', "url: invalid URL: missing ']' in host")
  check('{url: "http://x/{{ .A"}', 'url: invalid template syntax: template: :1: unclosed action')
  check('{url: "http://x/{{ toUpper }}"}', 'url: invalid template syntax: template: :1: function "toUpper" not defined')
  check('{url: "http://x", timeout: 1d}', 'timeout: time: unknown unit "d" in duration "1d"')
})
