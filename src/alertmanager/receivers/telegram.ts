import { boolean, integer, oneOf, path, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { SecretReader } from '../../http-client/secret-reader.ts'
import { receiverUrl } from './fields.ts'
import { receiverFields } from './http-config.ts'
import { clientOf, deliverJson, parseAnswer } from './json-delivery.ts'
import { NotifyError } from './notify-error.ts'
import { GLOBAL_DEFAULTS } from './receiver-globals.ts'
import { firstSecret, isGiven, receiverKind, secretSource } from './receiver-kind.ts'
import { templatedIntegration } from './templated-integration.ts'
import { truncateRunes } from './truncate.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, telegram_config; notify/telegram; Telegram's documentation, "Bot API", sendMessage.

const DEFAULTS = { send_resolved: true, message: '{{ template "telegram.default.message" . }}', parse_mode: 'HTML' }

const schema = section(
  'telegram_config',
  {
    ...receiverFields,
    api_url: receiverUrl(),
    bot_token: secret(),
    bot_token_file: path(),
    chat_id: integer(Number.MIN_SAFE_INTEGER),
    chat_id_file: path(),
    message_thread_id: integer(),
    message: text(),
    disable_notifications: boolean(),
    parse_mode: oneOf(
      ['', 'Markdown', 'MarkdownV2', 'HTML'],
      () => 'unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string',
    ),
  },
  {
    printed: DEFAULTS,
    check({ bot_token, bot_token_file, chat_id, chat_id_file }, report) {
      if (bot_token && bot_token_file) return report(['bot_token_file'], 'at most one of bot_token & bot_token_file must be configured')
      if (!chat_id && !chat_id_file) return report([], 'missing chat_id or chat_id_file on telegram_config')
      if (chat_id && chat_id_file) report(['chat_id_file'], 'at most one of chat_id & chat_id_file must be configured')
    },
  },
)

/** Source: Telegram's documentation, "Limits". */
const MESSAGE_RUNES_MAX = 4096

export const telegram = receiverKind<Output<typeof schema>>({
  kind: 'telegram',
  schema,
  problem({ bot_token, bot_token_file }, global) {
    return isGiven([bot_token, bot_token_file], [global.telegram_bot_token, global.telegram_bot_token_file])
      ? undefined
      : 'missing bot_token or bot_token_file on telegram_config'
  },
  async build(section, index, context) {
    const { global } = context
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const secrets = new SecretReader(context.env)
    const own = [config.bot_token, config.bot_token_file] as const
    const token = firstSecret(context, own, [global.telegram_bot_token, global.telegram_bot_token_file])!
    const chat = secretSource(config.chat_id ? String(config.chat_id) : undefined, config.chat_id_file, context)!
    const base = config.api_url ?? global.telegram_api_url ?? GLOBAL_DEFAULTS.telegram_api_url
    return templatedIntegration({ kind: 'telegram', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { text, html, signal } = notification
      const chatId = await secrets.read(chat)
      if (!/^-?\d+$/.test(chatId)) throw new NotifyError(`found chat id of ${chatId.length} characters, want a number`, { retry: false })
      const message = {
        chat_id: chatId,
        disable_notification: config.disable_notifications ? 'true' : undefined,
        disable_web_page_preview: 'true',
        message_thread_id: config.message_thread_id ? String(config.message_thread_id) : undefined,
        parse_mode: config.parse_mode || undefined,
        text: truncateRunes((config.parse_mode === 'HTML' ? html : text)(config.message), MESSAGE_RUNES_MAX),
      }
      const url = `${base.replace(/\/$/, '')}/bot${await secrets.read(token)}/sendMessage`
      const { body } = await deliverJson({ client, url, signal }, message)
      const said = parseAnswer(body)
      if (said?.ok === true) return
      // Upstream tries all failures of this one again, and counts them as others.
      throw new NotifyError(`telegram: ${said?.description ?? ''} (${said?.error_code ?? 0})`, { retry: true })
    })
  },
})
