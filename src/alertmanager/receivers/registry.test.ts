import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertOf, problemsOf, receiverBench, requestOf } from '../../../test/support/receiver-bench.ts'
import type { ReceiverGlobals } from './receiver-globals.ts'
import { RECEIVER_FIELDS, RECEIVER_KINDS } from './registry.ts'

test('every kind has its list', () => {
  assert.deepEqual(RECEIVER_KINDS.map(({ kind }) => `${kind}_configs`).sort(), Object.keys(RECEIVER_FIELDS).sort())
})

test('entries that cannot work are refused in upstream’s words', () => {
  const check = (kind: string, entry: string, want?: string, global: ReceiverGlobals = {}) => {
    const found = problemsOf(`${kind}_configs: [${entry}]`, global).map((problem) => problem.replace(/^[\w.]*: /, ''))
    assert.deepEqual(found, want === undefined ? [] : [want], `${kind}: ${entry}`)
  }
  for (const { kind } of RECEIVER_KINDS) check(kind, '~', `missing ${kind} config`)

  check('slack', '{}', 'no Slack API URL nor App token set either inline or in a file')
  check('slack', '{}', undefined, { slack_api_url: 'http://x' })
  check('slack', '{}', undefined, { slack_app_token: 'x' })
  check('slack', '{http_config: {authorization: {credentials: y}}}', 'no Slack API URL nor App token set either inline or in a file', {
    slack_app_token: 'x',
  })
  check('slack', '{api_url: "http://x", api_url_file: y}', 'at most one of api_url & api_url_file must be configured')
  check('slack', '{app_token: x, app_token_file: y}', 'at most one of app_token & app_token_file must be configured')
  check('slack', '{api_url: "http://x", app_token: y}', 'at most one of api_url/api_url_file & app_token/app_token_file must be configured')
  check(
    'slack',
    '{app_token: x, http_config: {authorization: {credentials: y}}}',
    "http authorization can't be set when using Slack App tokens",
  )
  const updates = 'update_message can only be used with bot tokens. api_url must be set to https://slack.com/api/chat.postMessage'
  check('slack', '{update_message: true, api_url: "http://x"}', updates)
  check('slack', '{update_message: true}', updates, { slack_api_url: 'http://x' })
  check('slack', '{update_message: true, api_url: "https://slack.com/api/chat.postMessage"}')
  check('slack', '{update_message: true, app_token: x}')
  check('slack', '{api_url: "http://x", fields: [{title: a}]}', 'missing value in Slack field configuration')
  check('slack', '{api_url: "http://x", fields: [{value: a}]}', 'missing title in Slack field configuration')
  check('slack', '{api_url: "http://x", actions: [{text: a}]}', 'missing type in Slack action configuration')
  check('slack', '{api_url: "http://x", actions: [{type: a}]}', 'missing text in Slack action configuration')
  check('slack', '{api_url: "http://x", actions: [{type: a, text: b}]}', 'missing name or url in Slack action configuration')
  check(
    'slack',
    '{api_url: "http://x", actions: [{type: a, text: b, name: c, confirm: {title: x}}]}',
    'missing text in Slack confirmation configuration',
  )

  check('pagerduty', '{}', 'missing service or routing key in PagerDuty config')
  check('pagerduty', '{routing_key: a, routing_key_file: b}', 'at most one of routing_key & routing_key_file must be configured')
  check('pagerduty', '{service_key: a, service_key_file: b}', 'at most one of service_key & service_key_file must be configured')
  check('pagerduty', '{routing_key_file: a, details: {a: [1, {b: c}]}}')

  check('opsgenie', '{}', 'no global OpsGenie API Key set either inline or in a file')
  check('opsgenie', '{}', undefined, { opsgenie_api_key_file: 'x' })
  check('opsgenie', '{api_key: a, api_key_file: b}', 'at most one of api_key & api_key_file must be configured')
  check(
    'opsgenie',
    '{api_key: a, responders: [{}]}',
    'opsGenieConfig responder {   } has to have at least one of id, username or name specified',
  )
  check(
    'opsgenie',
    '{api_key: a, responders: [{name: x}]}',
    'opsGenieConfig responder { x  } type does not match valid options ^(team|teams|user|escalation|schedule)$',
  )
  check(
    'opsgenie',
    '{api_key: a, responders: [{name: x, type: "{{ .A"}]}',
    'opsGenieConfig responder { x  {{ .A} type contains invalid template syntax: template: :1: unclosed action',
  )
  check('opsgenie', '{api_key: a, responders: [{name: x, type: TEAM}, {id: y, type: "{{ .A }}"}]}')

  for (const kind of ['discord', 'msteams', 'msteamsv2']) {
    check(kind, '{}', 'one of webhook_url or webhook_url_file must be configured')
    check(kind, '{webhook_url: "http://x", webhook_url_file: b}', 'at most one of webhook_url & webhook_url_file must be configured')
    check(kind, '{webhook_url: ""}', 'unsupported scheme "" for URL')
  }

  check('telegram', '{}', 'missing chat_id or chat_id_file on telegram_config')
  check('telegram', '{chat_id: 0, bot_token: a}', 'missing chat_id or chat_id_file on telegram_config')
  check('telegram', '{chat_id: 5}', 'missing bot_token or bot_token_file on telegram_config')
  check('telegram', '{chat_id: -5}', undefined, { telegram_bot_token: 'x' })
  check('telegram', '{chat_id: 5, bot_token: a, bot_token_file: b}', 'at most one of bot_token & bot_token_file must be configured')
  check('telegram', '{chat_id: 5, chat_id_file: x, bot_token: a}', 'at most one of chat_id & chat_id_file must be configured')
  check(
    'telegram',
    '{chat_id: 5, bot_token: a, parse_mode: x}',
    'unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string',
  )

  check('wechat', '{}', 'no global Wechat Api Secret set either inline or in a file')
  check('wechat', '{api_secret: a}', 'no global Wechat CorpID set')
  check('wechat', '{}', undefined, { wechat_api_secret: 'x', wechat_api_corp_id: 'y' })
  check('wechat', '{api_secret: a, api_secret_file: x, corp_id: b}', 'at most one of api_secret & api_secret_file must be configured')
  check('wechat', '{api_secret: a, corp_id: b, message_type: x}', 'weChat message type "x" does not match valid options ^(text|markdown)$')

  check('victorops', '{api_key: b}', 'missing Routing key in VictorOps config')
  check('victorops', '{routing_key: a}', 'no global VictorOps API Key set')
  check('victorops', '{routing_key: a, api_key: b, api_key_file: c}', 'at most one of api_key & api_key_file must be configured')
  check(
    'victorops',
    '{routing_key: a, api_key: b, custom_fields: {entity_id: x}}',
    'victorOps config contains custom field entity_id which cannot be used as it conflicts with the fixed/static fields',
  )

  check('pushover', '{token: a}', 'one of user_key or user_key_file must be configured')
  check('pushover', '{user_key: a}', 'one of token or token_file must be configured')
  check('pushover', '{user_key: a, user_key_file: x, token: b}', 'at most one of user_key & user_key_file must be configured')
  check('pushover', '{user_key: a, token: b, token_file: c}', 'at most one of token & token_file must be configured')
  check('pushover', '{user_key: a, token: b, html: true, monospace: true}', 'at most one of monospace & html must be configured')

  check('sns', '{}', 'must provide either a Target ARN, Topic ARN, or Phone Number for SNS config')
  check('sns', '{topic_arn: a, phone_number: b}', 'must provide either a Target ARN, Topic ARN, or Phone Number for SNS config')
  check(
    'sns',
    '{topic_arn: a, sigv4: {access_key: x}}',
    'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config',
  )
  check('sns', '{topic_arn: a, sigv4: {external_id: e}}', 'external_id can only be used with role_arn')

  check('webex', '{}', 'missing room_id on webex_config')
  check('webex', '{room_id: a}', 'missing webex_configs.http_config.authorization')

  check('jira', '{issue_type: a}', 'missing project in jira_config')
  check('jira', '{project: a}', 'missing issue_type in jira_config')
  check('jira', '{project: a, issue_type: b}', 'no global Jira Cloud URL set')
  check('jira', '{project: a, issue_type: b, summary: x, description: {template: y, enable_update: false}}', undefined, {
    jira_api_url: 'http://x',
  })
  check(
    'jira',
    '{project: a, issue_type: b, api_type: x, api_url: "http://x"}',
    'unknown api_type on jira_config, must be auto, cloud or datacenter',
  )

  check('rocketchat', '{token: a}', 'no global Rocketchat TokenID set either inline or in a file')
  check('rocketchat', '{token_id: a}', 'no global Rocketchat Token set either inline or in a file')
  check('rocketchat', '{}', undefined, { rocketchat_token: 'x', rocketchat_token_id_file: 'y' })
  check('rocketchat', '{token: a, token_file: x, token_id: b}', 'at most one of token & token_file must be configured')
  check('rocketchat', '{token: a, token_id: b, token_id_file: c}', 'at most one of token_id & token_id_file must be configured')

  check('mattermost', '{}', 'missing webhook_url or webhook_url_file on mattermost_config')
  check('mattermost', '{}', undefined, { mattermost_webhook_url: 'http://x' })
  check('mattermost', '{webhook_url: "http://x", webhook_url_file: y}', 'at most one of webhook_url & webhook_url_file must be configured')
  check('mattermost', '{webhook_url: "http://x", fields: [{}]}', 'missing title in Mattermost field configuration')

  check('incidentio', '{}', 'one of url or url_file must be configured')
  check('incidentio', '{url: "http://x", url_file: y}', 'at most one of url & url_file must be configured')
  check(
    'incidentio',
    '{url: "http://x", alert_source_token: a, alert_source_token_file: b}',
    'at most one of alert_source_token & alert_source_token_file must be configured',
  )
  check(
    'incidentio',
    '{url: "http://x", alert_source_token: a, http_config: {authorization: {credentials: x}}}',
    'cannot specify alert_source_token or alert_source_token_file when using http_config.authorization',
  )
})

const ALERT = alertOf({ alertname: 'High', job: 'a' })
const OVER = alertOf({ alertname: 'High', job: 'a' }, {}, { over: true })

/** Entries that send to the server `r`, and what it answers when all is well. */
const ENTRIES: Readonly<Record<string, readonly [entry: string, fine: string]>> = {
  webhook: ['{url: "http://r/"}', ''],
  pagerduty: ['{routing_key: k, url: "http://r/"}', ''],
  opsgenie: ['{api_key: k, api_url: "http://r/"}', ''],
  slack: ['{api_url: "http://r/", channel: "#c"}', '{"ok":true}'],
  victorops: ['{api_key: k, routing_key: x, api_url: "http://r/"}', ''],
  sns: ['{topic_arn: "arn:aws:sns:us-east-1:1:x", api_url: "http://r/", sigv4: {region: us-east-1, access_key: a, secret_key: b}}', ''],
  discord: ['{webhook_url: "http://r/"}', ''],
  webex: ['{room_id: a, api_url: "http://r/", http_config: {authorization: {credentials: x}}}', ''],
  msteams: ['{webhook_url: "http://r/"}', ''],
  msteamsv2: ['{webhook_url: "http://r/"}', ''],
  rocketchat: ['{token: t, token_id: i, api_url: "http://r/"}', '{"success":true}'],
  mattermost: ['{webhook_url: "http://r/"}', ''],
  incidentio: ['{url: "http://r/", alert_source_token: t}', ''],
  jira: ['{project: P, issue_type: Bug, api_url: "http://r/"}', '{"issues":[]}'],
  telegram: ['{chat_id: 5, bot_token: t, api_url: "http://r"}', '{"ok":true,"result":{}}'],
}

// Recorded from Alertmanager 0.33, whose receivers were answered with these statuses.
const RETRIED: Readonly<Record<string, readonly number[]>> = {
  pagerduty: [429],
  opsgenie: [429],
  incidentio: [429],
  jira: [429],
  telegram: [300, 400, 403, 404, 408, 429],
}

test('which answers are worth another try, and what they count as, is as upstream has it', async () => {
  for (const [kind, [entry, fine]] of Object.entries(ENTRIES)) {
    const bench = await receiverBench(`${kind}_configs: [${entry}]`)
    const headers = { 'content-type': 'application/json' }
    assert.equal((await bench.send(requestOf([ALERT]), () => ({ body: fine, headers }))).failure, undefined, kind)
    assert.equal((await bench.send(requestOf([OVER]), () => ({ status: 202, body: fine, headers }))).failure, undefined, kind)
    for (const status of [300, 400, 403, 404, 408, 429, 500, 501, 503, 504]) {
      const { failure } = await bench.send(requestOf([ALERT]), () => ({ status, body: '{"message":"m-body","errors":["e1"]}', headers }))
      assert.equal(failure?.retry, status >= 500 || Boolean(RETRIED[kind]?.includes(status)), `${kind} ${status}`)
      const reason =
        ['discord', 'webex', 'telegram'].includes(kind) || status === 300 ? 'other' : status >= 500 ? 'serverError' : 'clientError'
      assert.equal(failure?.reason, reason, `${kind} ${status}`)
    }
    const absent = await bench.send(requestOf([ALERT]), () => ({ silent: true }))
    assert.deepEqual([absent.failure?.retry, absent.failure?.reason], [true, 'contextDeadlineExceeded'], kind)
  }
})

test('what a refusal says is told in upstream’s words', async () => {
  const check = async (kind: string, answer: { status?: number; body: string; type?: string }, want: string, retry = false) => {
    const bench = await receiverBench(`${kind}_configs: [${ENTRIES[kind]![0]}]`)
    const { failure } = await bench.send(requestOf([ALERT]), () => ({
      status: answer.status,
      body: answer.body,
      headers: { 'content-type': answer.type ?? 'application/json' },
    }))
    assert.deepEqual([failure?.message, failure?.retry], [want, retry])
  }
  const body = '{"message":"m-body","errors":["e1"]}'
  await check('pagerduty', { status: 400, body }, 'unexpected status code 400: m-body: e1')
  await check('pagerduty', { status: 404, body }, 'unexpected status code 404')
  await check('incidentio', { status: 400, body }, 'unexpected status code 400: m-body: e1')
  await check('slack', { status: 400, body: 'no' }, 'channel "#c": unexpected status code 400: no')
  await check('slack', { body: '{"ok":false,"error":"channel_not_found"}' }, 'channel "#c": error response from Slack: channel_not_found')
  await check('slack', { body: 'x' }, 'channel "#c": could not unmarshal JSON response "x"', true)
  await check('slack', { body: 'no_text', type: 'text/html' }, 'channel "#c": received an error response from Slack: no_text')
  await check('rocketchat', { body: '{"success":false,"error":"e"}' }, 'channel "": error response from Rocketchat: e')
  await check(
    'telegram',
    { body: '{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}' },
    'telegram: Bad Request: chat not found (400)',
    true,
  )
  await check(
    'sns',
    { status: 403, body: '<ErrorResponse><Error><Code>c</Code><Message>denied</Message></Error></ErrorResponse>' },
    'unexpected status code 403: denied',
  )
})

test('secrets are read from their files each time, and are in no error', async () => {
  const check = async (kind: string, entry: string, seen: (request: { url: string; body: string; headers: object }) => string) => {
    const bench = await receiverBench(`${kind}_configs: [${entry}]`, { files: { '/etc/s': 'http://r/first\n' } })
    const sent = await bench.send(requestOf([ALERT]), () => ({
      body: '{"ok":true,"success":true}',
      headers: { 'content-type': 'application/json' },
    }))
    assert.match(seen(sent.requests[0]!), /first/, kind)
    await bench.env.fs.writeFile('/etc/s', 'http://r/other-one')
    await bench.env.clock.advance(2000)
    const again = await bench.send(requestOf([ALERT]), () => ({ status: 400 }))
    assert.match(seen(again.requests[0]!), /other-one/, kind)
    assert.doesNotMatch(again.failure?.message ?? '', /other-one/)
  }
  const { url, body, headers } = {
    url: (r: { url: string }) => r.url,
    body: (r: { body: string }) => r.body,
    headers: (r: { headers: object }) => JSON.stringify(r.headers),
  }
  for (const kind of ['discord', 'msteams', 'msteamsv2', 'mattermost']) await check(kind, '{webhook_url_file: /etc/s}', url)
  await check('slack', '{api_url_file: /etc/s}', url)
  await check('slack', '{app_token_file: /etc/s, app_url: "http://r/"}', headers)
  await check('pagerduty', '{routing_key_file: /etc/s, url: "http://r/"}', body)
  await check('opsgenie', '{api_key_file: /etc/s, api_url: "http://r/"}', headers)
  await check('victorops', '{api_key_file: /etc/s, routing_key: k, api_url: "http://r/"}', url)
  await check('rocketchat', '{token_file: /etc/s, token_id: k, api_url: "http://r/"}', headers)
  await check('incidentio', '{url: "http://r/", alert_source_token_file: /etc/s}', headers)
  await check('telegram', '{chat_id: 1, bot_token_file: /etc/s, api_url: "http://r"}', url)
})

test('tokens in headers do not follow a redirection to another host', async () => {
  const check = async (kind: string, entry: string) => {
    const bench = await receiverBench(`${kind}_configs: [${entry}]`)
    const { requests } = await bench.send(requestOf([ALERT]), ({ url }) =>
      url.startsWith('r/') ? { status: 307, headers: { location: 'http://other/x' } } : {},
    )
    const told = requests.map(({ url, headers }) => [url.startsWith('r/'), JSON.stringify(headers).includes('s3cr3t')])
    assert.equal(JSON.stringify(told), '[[true,true],[false,false]]', kind)
  }
  await check('slack', '{app_token: s3cr3t, app_url: "http://r/"}')
  await check('opsgenie', '{api_key: s3cr3t, api_url: "http://r/"}')
  await check('rocketchat', '{token: s3cr3t, token_id: s3cr3t, api_url: "http://r/"}')
  await check('incidentio', '{url: "http://r/", alert_source_token: s3cr3t}')
  await check('webhook', '{url: "http://r/", http_config: {http_headers: {X-Key: {secrets: [s3cr3t]}}}}')
})

test('a message of Slack is changed where update_message asks for it', async () => {
  const bench = await receiverBench(
    'slack_configs: [{app_token: t, app_url: "http://r/api/chat.postMessage", update_message: true, channel: "#c"}]',
  )
  const memory = new Map<string, string>()
  const answer = () => ({ body: '{"ok":true,"ts":"12.5","channel":"C9"}', headers: { 'content-type': 'application/json' } })
  const [first] = (await bench.send(requestOf([ALERT], { memory }), answer)).requests
  assert.deepEqual([first!.url, JSON.parse(first!.body).channel, JSON.parse(first!.body).ts], ['r/api/chat.postMessage', '#c', undefined])
  assert.deepEqual(
    [...memory],
    [
      ['threadTs', '12.5'],
      ['channelId', 'C9'],
    ],
  )
  const [second] = (await bench.send(requestOf([OVER], { memory }), answer)).requests
  assert.deepEqual([second!.url, JSON.parse(second!.body).channel, JSON.parse(second!.body).ts], ['r/api/chat.update', 'C9', '12.5'])
})

test('WeCom’s token is asked for when there is none, when it is old and when it is refused', async () => {
  const bench = await receiverBench('wechat_configs: [{api_secret: s, corp_id: c, api_url: "http://r/cgi"}]')
  let code = 0
  const send = async () =>
    await bench.send(requestOf([ALERT]), ({ url }) => ({
      body: url.includes('gettoken') ? '{"access_token":"tok"}' : `{"errcode":${code},"errmsg":"why"}`,
    }))
  const urls = async () => (await send()).requests.map(({ url }) => url)
  const [token, message] = ['r/cgi/gettoken?corpid=c&corpsecret=s', 'r/cgi/message/send?access_token=tok']
  assert.deepEqual(await urls(), [token, message])
  assert.deepEqual(await urls(), [message])
  await bench.env.clock.advance(7_200_000)
  assert.deepEqual(await urls(), [token, message])
  code = 42001
  assert.deepEqual((await send()).failure, { message: 'why', retry: true, reason: 'other' })
  code = 1
  const refused = await send()
  assert.deepEqual([refused.requests.length, refused.failure], [2, { message: 'why', retry: false, reason: 'other' }])
})

test('PagerDuty is told of alerts whose fingerprint reads as a number without end', async () => {
  const bench = await receiverBench('pagerduty_configs: [{routing_key: k, url: "http://r/"}]')
  const { failure, requests } = await bench.send(requestOf([alertOf({ alertname: 'High', id: '5e1234567890123' })]))
  assert.equal(failure, undefined)
  assert.equal(JSON.parse(requests[0]!.body).payload.custom_details.firing[0].labels.id, '5e1234567890123')
})

test('an event that is too long for PagerDuty goes without its details', async () => {
  const bench = await receiverBench('pagerduty_configs: [{routing_key: k, url: "http://r/"}]')
  const { requests } = await bench.send(requestOf([alertOf({ alertname: 'High' }, { text: 'x'.repeat(600_000) })]))
  assert.deepEqual(JSON.parse(requests[0]!.body).payload.custom_details, {
    error: 'Custom details have been removed because the original event exceeds the maximum size of 512KB',
  })
})
