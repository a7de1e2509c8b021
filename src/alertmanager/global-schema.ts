import { boolean, path, type Report, secret, section, text } from '../base/schema.ts'
import { tlsConfigSchema } from '../http-client/client-schema.ts'
import { duration } from '../model/config-schema.ts'
import { receiverUrl, secretUrl } from './receivers/fields.ts'
import { hostPort } from './receivers/host-port.ts'
import { httpConfigSchema } from './receivers/http-config.ts'
import { GLOBAL_DEFAULTS, type ReceiverGlobals } from './receivers/receiver-globals.ts'

// Source of the fields, the rules and their texts: Alertmanager config/config.go, GlobalConfig and Config.UnmarshalYAML.

export const RESOLVE_TIMEOUT_DEFAULT_MS = 5 * 60_000

export const globalSchema = section(
  'global',
  {
    resolve_timeout: duration(),
    http_config: httpConfigSchema,
    jira_api_url: receiverUrl(),
    smtp_from: text(),
    smtp_hello: text(),
    smtp_smarthost: hostPort(),
    smtp_auth_username: text(),
    smtp_auth_password: secret(),
    smtp_auth_password_file: path(),
    smtp_auth_secret: secret(),
    smtp_auth_secret_file: path(),
    smtp_auth_identity: text(),
    smtp_require_tls: boolean(),
    smtp_tls_config: tlsConfigSchema,
    smtp_force_implicit_tls: boolean(),
    slack_api_url: secretUrl(),
    slack_api_url_file: path(),
    slack_app_token: secret(),
    slack_app_token_file: path(),
    slack_app_url: receiverUrl(),
    pagerduty_url: receiverUrl(),
    opsgenie_api_url: receiverUrl(),
    opsgenie_api_key: secret(),
    opsgenie_api_key_file: path(),
    wechat_api_url: receiverUrl(),
    wechat_api_secret: secret(),
    wechat_api_secret_file: path(),
    wechat_api_corp_id: text(),
    victorops_api_url: receiverUrl(),
    victorops_api_key: secret(),
    victorops_api_key_file: path(),
    telegram_api_url: receiverUrl(),
    telegram_bot_token: secret(),
    telegram_bot_token_file: path(),
    webex_api_url: receiverUrl(),
    rocketchat_api_url: receiverUrl(),
    rocketchat_token: secret(),
    rocketchat_token_file: path(),
    rocketchat_token_id: secret(),
    rocketchat_token_id_file: path(),
    mattermost_webhook_url: secretUrl(),
    mattermost_webhook_url_file: path(),
  },
  {
    printed: {
      resolve_timeout: '5m',
      http_config: { follow_redirects: true, enable_http2: true },
      smtp_tls_config: { insecure_skip_verify: false },
      ...GLOBAL_DEFAULTS,
    },
    check: checkGlobal,
  },
)

/** What may be given as a text or as a file, by the name of the text. */
const SECRETS = [
  'slack_app_token',
  'slack_api_url',
  'opsgenie_api_key',
  'victorops_api_key',
  'telegram_bot_token',
  'smtp_auth_password',
  'smtp_auth_secret',
  'wechat_api_secret',
  'mattermost_webhook_url',
] as const

/** The same; of these, an empty text is one that was given. */
const GIVEN_SECRETS = ['rocketchat_token', 'rocketchat_token_id'] as const

function checkGlobal(global: ReceiverGlobals, report: Report): void {
  const both = (name: string) => report([`${name}_file`], `at most one of ${name} & ${name}_file must be configured`)
  for (const name of SECRETS) if (global[name] && global[`${name}_file`]) both(name)
  for (const name of GIVEN_SECRETS) if (global[name] !== undefined && global[`${name}_file`]) both(name)
  const hasToken = Boolean(global.slack_app_token || global.slack_app_token_file)
  // The same URL in both is how it was done before there were tokens.
  const appUrl = global.slack_app_url ?? GLOBAL_DEFAULTS.slack_app_url
  const hasOtherUrl = (global.slack_api_url !== undefined && global.slack_api_url !== appUrl) || Boolean(global.slack_api_url_file)
  if (hasToken && hasOtherUrl)
    report(
      [global.slack_api_url === undefined ? 'slack_api_url_file' : 'slack_api_url'],
      'at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured',
    )
}
