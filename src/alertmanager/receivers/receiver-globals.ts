import type { HttpClientSection } from '../../http-client/client-schema.ts'

/**
 * What receivers take from the section `global` where their own say nothing: its fields under their names in the file, absent where the
 * file gives none. Source: Alertmanager config/config.go, GlobalConfig.
 */
export interface ReceiverGlobals {
  readonly http_config?: HttpClientSection
  readonly jira_api_url?: string
  readonly smtp_from?: string
  readonly smtp_hello?: string
  readonly smtp_smarthost?: string
  readonly smtp_auth_username?: string
  readonly smtp_auth_password?: string
  readonly smtp_auth_password_file?: string
  readonly smtp_auth_secret?: string
  readonly smtp_auth_secret_file?: string
  readonly smtp_auth_identity?: string
  readonly smtp_require_tls?: boolean
  readonly smtp_tls_config?: HttpClientSection['tls_config']
  readonly smtp_force_implicit_tls?: boolean
  readonly slack_api_url?: string
  readonly slack_api_url_file?: string
  readonly slack_app_token?: string
  readonly slack_app_token_file?: string
  readonly slack_app_url?: string
  readonly pagerduty_url?: string
  readonly opsgenie_api_url?: string
  readonly opsgenie_api_key?: string
  readonly opsgenie_api_key_file?: string
  readonly wechat_api_url?: string
  readonly wechat_api_secret?: string
  readonly wechat_api_secret_file?: string
  readonly wechat_api_corp_id?: string
  readonly victorops_api_url?: string
  readonly victorops_api_key?: string
  readonly victorops_api_key_file?: string
  readonly telegram_api_url?: string
  readonly telegram_bot_token?: string
  readonly telegram_bot_token_file?: string
  readonly webex_api_url?: string
  readonly rocketchat_api_url?: string
  readonly rocketchat_token?: string
  readonly rocketchat_token_file?: string
  readonly rocketchat_token_id?: string
  readonly rocketchat_token_id_file?: string
  readonly mattermost_webhook_url?: string
  readonly mattermost_webhook_url_file?: string
}

/** What holds where `global` says nothing either. Source: Alertmanager config/config.go, DefaultGlobalConfig. */
export const GLOBAL_DEFAULTS = {
  smtp_hello: 'localhost',
  smtp_require_tls: true,
  slack_app_url: 'https://slack.com/api/chat.postMessage',
  pagerduty_url: 'https://events.pagerduty.com/v2/enqueue',
  opsgenie_api_url: 'https://api.opsgenie.com/',
  wechat_api_url: 'https://qyapi.weixin.qq.com/cgi-bin/',
  victorops_api_url: 'https://alert.victorops.com/integrations/generic/20131114/alert/',
  telegram_api_url: 'https://api.telegram.org',
  webex_api_url: 'https://webexapis.com/v1/messages',
  rocketchat_api_url: 'https://open.rocket.chat/',
} as const satisfies Partial<ReceiverGlobals>
