import { boolean, list, path, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { goDuration, receiverUrl, secretUrl } from './fields.ts'
import { receiverFields } from './http-config.ts'
import type { ReceiverGlobals } from './receiver-globals.ts'

// Source: Alertmanager docs/configuration.md, slack_config; config/notifiers.go.

const named = (name: string) => `{{ template "slack.default.${name}" . }}`

export const SLACK_DEFAULTS = {
  send_resolved: false,
  username: named('username'),
  color: named('color'),
  title: named('title'),
  title_link: named('titlelink'),
  pretext: named('pretext'),
  text: named('text'),
  short_fields: false,
  footer: named('footer'),
  fallback: named('fallback'),
  callback_id: named('callbackid'),
  icon_emoji: named('iconemoji'),
  icon_url: named('iconurl'),
  link_names: false,
  update_message: false,
}

const fieldSchema = section(
  'slack_field',
  { title: text(), value: text(), short: boolean() },
  {
    check({ title, value }, report) {
      if (!title) report([], 'missing title in Slack field configuration')
      else if (!value) report([], 'missing value in Slack field configuration')
    },
  },
)

const confirmSchema = section(
  'slack_confirmation_field',
  { text: text(), title: text(), ok_text: text(), dismiss_text: text() },
  {
    check(confirm, report) {
      if (!confirm.text) report([], 'missing text in Slack confirmation configuration')
    },
  },
)

const actionSchema = section(
  'slack_action',
  { type: text(), text: text(), url: text(), style: text(), name: text(), value: text(), confirm: confirmSchema },
  {
    check(action, report) {
      if (!action.type) report([], 'missing type in Slack action configuration')
      else if (!action.text) report([], 'missing text in Slack action configuration')
      else if (!action.url && !action.name) report([], 'missing name or url in Slack action configuration')
    },
  },
)

/** Where a bot's messages go. */
export const POST_MESSAGE_URL = 'https://slack.com/api/chat.postMessage'

export const slackSchema = section(
  'slack_config',
  {
    ...receiverFields,
    api_url: secretUrl(),
    api_url_file: path(),
    app_token: secret(),
    app_token_file: path(),
    app_url: receiverUrl(),
    channel: text(),
    username: text(),
    color: text(),
    title: text(),
    title_link: text(),
    pretext: text(),
    text: text(),
    message_text: text(),
    fields: list(fieldSchema),
    short_fields: boolean(),
    footer: text(),
    fallback: text(),
    callback_id: text(),
    icon_emoji: text(),
    icon_url: text(),
    image_url: text(),
    thumb_url: text(),
    link_names: boolean(),
    mrkdwn_in: list(text()),
    actions: list(actionSchema),
    update_message: boolean(),
    timeout: goDuration(),
  },
  {
    printed: { ...SLACK_DEFAULTS, timeout: '0s' },
    check(slack, report) {
      const { api_url: url, api_url_file: urlFile, app_token: token, app_token_file: tokenFile } = slack
      if (url && urlFile) return report(['api_url_file'], 'at most one of api_url & api_url_file must be configured')
      if (token && tokenFile) return report(['app_token_file'], 'at most one of app_token & app_token_file must be configured')
      if ((url || urlFile) && (token || tokenFile))
        return report(
          [token ? 'app_token' : 'app_token_file'],
          'at most one of api_url/api_url_file & app_token/app_token_file must be configured',
        )
      if (slack.update_message && (urlFile || (url && url !== POST_MESSAGE_URL)))
        report(['update_message'], `update_message can only be used with bot tokens. api_url must be set to ${POST_MESSAGE_URL}`)
    },
  },
)

export type SlackSection = Output<typeof slackSchema>

/** How Slack is reached: by a URL that is the secret, or by a bot's token. */
export type SlackAccess =
  | { readonly kind: 'url'; readonly url: string | undefined; readonly file: string | undefined }
  | { readonly kind: 'token'; readonly token: string | undefined; readonly file: string | undefined }

/** By the entry, or by `global`; undefined: neither says. */
export function slackAccess(slack: SlackSection, global: ReceiverGlobals): SlackAccess | undefined {
  const own = { token: slack.app_token || undefined, file: slack.app_token_file || undefined }
  if (own.token || own.file) return { kind: 'token', ...own }
  const shared = { token: global.slack_app_token || undefined, file: global.slack_app_token_file || undefined }
  if ((shared.token || shared.file) && !slack.http_config?.authorization && !slack.api_url) return { kind: 'token', ...shared }
  const ownUrl = { url: slack.api_url || undefined, file: slack.api_url_file || undefined }
  if (ownUrl.url || ownUrl.file) return { kind: 'url', ...ownUrl }
  const sharedUrl = { url: global.slack_api_url || undefined, file: global.slack_api_url_file || undefined }
  return sharedUrl.url || sharedUrl.file ? { kind: 'url', ...sharedUrl } : undefined
}

export function slackProblem(slack: SlackSection, global: ReceiverGlobals): string | undefined {
  const access = slackAccess(slack, global)
  if (access === undefined) return 'no Slack API URL nor App token set either inline or in a file'
  if (access.kind === 'token' && (slack.http_config ?? global.http_config)?.authorization)
    return "http authorization can't be set when using Slack App tokens"
  if (slack.update_message && access.kind === 'url' && access.url !== POST_MESSAGE_URL)
    return `update_message can only be used with bot tokens. api_url must be set to ${POST_MESSAGE_URL}`
  return undefined
}
