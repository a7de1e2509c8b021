import type { RouteSection } from '../alertmanager/dispatch/route-schema.ts'
import { GLOBAL_DEFAULTS, type ReceiverGlobals } from '../alertmanager/receivers/receiver-globals.ts'
import { RECEIVER_KINDS } from '../alertmanager/receivers/registry.ts'
import type { HttpClientSection } from '../http-client/client-schema.ts'
import { canonicalHeader } from '../http-client/header-name.ts'
import type { RouteReader } from './alertmanager-routes.ts'
import type { AlertmanagerSection } from './alertmanager-schema.ts'

/** A configuration as it is printed: matchers in their order and with quotes, and what entries of receivers take from `global`. */
export function effectiveAlertmanager(value: AlertmanagerSection, reader: RouteReader): AlertmanagerSection {
  const { global = {}, route, inhibit_rules: rules, receivers } = value
  const showRoute = (section: RouteSection): RouteSection => ({
    ...section,
    matchers: reader.shownMatchers(section.matchers),
    routes: section.routes?.map(showRoute),
  })
  return {
    ...value,
    global,
    route: route && showRoute(route),
    inhibit_rules: rules?.map((rule) => ({
      ...rule,
      source_matchers: reader.shownMatchers(rule.source_matchers) as string[] | undefined,
      target_matchers: reader.shownMatchers(rule.target_matchers) as string[] | undefined,
    })),
    receivers: receivers?.map((receiver) => withGlobal(receiver, global)),
  }
}

/** Fields of entries, and those of `global` that stand for them. Of fields in one list one that is given stands for all of them. */
const FROM_GLOBAL: Readonly<Record<string, readonly Readonly<Record<string, keyof ReceiverGlobals>>[]>> = {
  email: [
    { from: 'smtp_from' },
    { hello: 'smtp_hello' },
    { smarthost: 'smtp_smarthost' },
    { auth_username: 'smtp_auth_username' },
    { auth_password: 'smtp_auth_password', auth_password_file: 'smtp_auth_password_file' },
    { auth_secret: 'smtp_auth_secret' },
    { auth_secret_file: 'smtp_auth_secret_file' },
    { auth_identity: 'smtp_auth_identity' },
    { require_tls: 'smtp_require_tls' },
    { tls_config: 'smtp_tls_config' },
    { force_implicit_tls: 'smtp_force_implicit_tls' },
  ],
  jira: [{ api_url: 'jira_api_url' }],
  mattermost: [{ webhook_url: 'mattermost_webhook_url', webhook_url_file: 'mattermost_webhook_url_file' }],
  opsgenie: [{ api_url: 'opsgenie_api_url' }, { api_key: 'opsgenie_api_key' }, { api_key_file: 'opsgenie_api_key_file' }],
  pagerduty: [{ url: 'pagerduty_url' }],
  rocketchat: [
    { api_url: 'rocketchat_api_url' },
    { token: 'rocketchat_token' },
    { token_file: 'rocketchat_token_file' },
    { token_id: 'rocketchat_token_id' },
    { token_id_file: 'rocketchat_token_id_file' },
  ],
  telegram: [{ api_url: 'telegram_api_url' }, { bot_token: 'telegram_bot_token', bot_token_file: 'telegram_bot_token_file' }],
  victorops: [{ api_url: 'victorops_api_url' }, { api_key: 'victorops_api_key' }, { api_key_file: 'victorops_api_key_file' }],
  webex: [{ api_url: 'webex_api_url' }],
  wechat: [
    { api_url: 'wechat_api_url' },
    { api_secret: 'wechat_api_secret', api_secret_file: 'wechat_api_secret_file' },
    { corp_id: 'wechat_api_corp_id' },
  ],
}

const EMAIL_SUBJECT = '{{ template "email.default.subject" . }}'

type Entry = Readonly<Record<string, unknown>>

/** Upstream prints what entries take from `global`, and how they are reached, even where that is how all are. */
function withGlobal<R extends object>(receiver: R, global: ReceiverGlobals): R {
  const out = { ...receiver } as Record<string, unknown>
  for (const { kind, schema } of RECEIVER_KINDS) {
    const field = `${kind}_configs`
    const entries = out[field] as readonly Entry[] | undefined
    const info = schema.info
    if (entries === undefined || info.kind !== 'section') continue
    out[field] = entries.map((entry) => effectiveEntry(kind, entry, info.fields.has('http_config'), global))
  }
  return out as R
}

function effectiveEntry(kind: string, entry: Entry, isHttp: boolean, global: ReceiverGlobals): Entry {
  const all: ReceiverGlobals = { ...GLOBAL_DEFAULTS, ...global }
  const out: Record<string, unknown> = { ...entry }
  for (const group of FROM_GLOBAL[kind] ?? []) {
    if (Object.keys(group).some((field) => entry[field] !== undefined)) continue
    for (const [field, name] of Object.entries(group)) if (all[name] !== undefined) out[field] = all[name]
  }
  if (isHttp) out.http_config ??= global.http_config ?? {}
  if (kind === 'slack') return effectiveSlack(out, all)
  return kind === 'email' ? effectiveEmail(out) : out
}

/** Headers that a message has anyway stand among those that are given. */
function effectiveEmail(entry: Entry): Entry {
  const { from: From, to: To, headers = {}, tls_config: tls = {} } = entry
  const given = Object.entries(headers as object).map(([name, value]) => [canonicalHeader(name), value])
  return { ...entry, headers: { From, To, Subject: EMAIL_SUBJECT, ...Object.fromEntries(given) }, tls_config: tls }
}

/** A token goes as a bearer's, to the URL of the application. Source: Alertmanager config/config.go. */
function effectiveSlack(entry: Entry, global: ReceiverGlobals): Entry {
  const http = entry.http_config as HttpClientSection
  const out: Record<string, unknown> = { ...entry, app_url: entry.app_url ?? global.slack_app_url }
  const given = (...fields: readonly string[]) => fields.some((field) => Boolean(entry[field]))
  if (!given('app_token', 'app_token_file', 'api_url') && http.authorization === undefined) {
    if (global.slack_app_token) out.app_token = global.slack_app_token
    if (global.slack_app_token_file) out.app_token_file = global.slack_app_token_file
  }
  if (!given('api_url', 'api_url_file')) {
    if (global.slack_api_url) out.api_url = global.slack_api_url
    if (global.slack_api_url_file) out.api_url_file = global.slack_api_url_file
  }
  if (!out.app_token && !out.app_token_file) return out
  const { app_token: credentials, app_token_file: file } = out as { app_token?: string; app_token_file?: string }
  const authorization = { ...(credentials ? { credentials } : {}), ...(file ? { credentials_file: file } : {}) }
  return { ...out, api_url: out.app_url, http_config: { ...http, authorization } }
}
