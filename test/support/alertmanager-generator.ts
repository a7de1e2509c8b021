// Configurations of Alertmanager from one seed, as data to be written as JSON, which is YAML: good ones, and the same with something wrong.
import type { Random } from '../../src/base/env.ts'

type Value = string | number | boolean | null | readonly Value[] | { [field: string]: Value }
type Section = { [field: string]: Value }

const NAMES = ['severity', 'team', 'service', 'env', 'cluster', 'alertname']
const VALUES = ['critical', 'warning', 'db', 'web', 'prod', 'a b', '']
const REGEXES = ['critical|warning', 'd.*', '.+', '(?i)PROD', '[a-z]+', 'a\\sb', '']
const RECEIVERS = ['default', 'pager', 'team-a', 'team-b', 'null']
const INTERVALS = ['nights', 'weekends', 'holidays']
const DURATIONS = ['1s', '30s', '5m', '1h30m', '1d', '250ms']

export interface GeneratedConfig {
  readonly text: string
  /** Things made wrong. */
  readonly faults: number
}

export class AlertmanagerGenerator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  config(faults: number): GeneratedConfig {
    const config = this.#config()
    for (let fault = 0; fault < faults; fault++) this.#break(config)
    return { text: JSON.stringify(config), faults }
  }

  /** Labels of an alert, as they are typed. */
  labels(): readonly string[] {
    return NAMES.filter(() => this.#chance(0.5)).map((name) => `${name}=${JSON.stringify(this.#pick(VALUES))}`)
  }

  #config(): Section {
    const receivers = RECEIVERS.map((name) => this.#receiver(name))
    return {
      ...this.#maybe(0.6, 'global', () => this.#global()),
      route: { receiver: 'default', ...this.#options(), ...this.#maybe(0.9, 'routes', () => this.#routes(0)) },
      receivers,
      ...this.#maybe(0.5, 'inhibit_rules', () => this.#list(2, () => this.#inhibitRule())),
      mute_time_intervals: [{ name: 'nights', time_intervals: this.#list(2, () => this.#interval()) }],
      time_intervals: [
        { name: 'weekends', time_intervals: this.#list(2, () => this.#interval()) },
        { name: 'holidays', time_intervals: [] },
      ],
      ...this.#maybe(0.2, 'templates', () => ['*.nothing']),
      ...this.#maybe(0.1, 'tracing', () => ({ endpoint: 'localhost:4317', client_type: 'grpc', insecure: true })),
    }
  }

  #global(): Section {
    return {
      ...this.#maybe(0.5, 'resolve_timeout', () => this.#pick(DURATIONS)),
      ...this.#maybe(0.3, 'smtp_smarthost', () => this.#pick(['mail:25', '[::1]:587', ''])),
      ...this.#maybe(0.3, 'smtp_from', () => 'me@example.org'),
      ...this.#maybe(0.3, 'slack_api_url', () => this.#pick(['https://slack.example/x', '<secret>'])),
      ...this.#maybe(0.3, 'opsgenie_api_key', () => 'key'),
      ...this.#maybe(0.3, 'pagerduty_url', () => 'http://pagerduty.example'),
      ...this.#maybe(0.3, 'http_config', () => this.#httpConfig()),
      ...this.#maybe(0.2, 'rocketchat_token_file', () => '/x'),
      ...this.#maybe(0.2, 'telegram_bot_token_file', () => '/x'),
      ...this.#maybe(0.2, 'smtp_require_tls', () => this.#chance(0.5)),
    }
  }

  #httpConfig(): Section {
    return {
      ...this.#maybe(0.4, 'basic_auth', () => ({ username: 'u', password: 'p' })),
      ...this.#maybe(0.3, 'proxy_url', () => 'http://proxy:3128'),
      ...this.#maybe(0.3, 'follow_redirects', () => this.#chance(0.5)),
      ...this.#maybe(0.3, 'tls_config', () => ({ insecure_skip_verify: true })),
    }
  }

  #receiver(name: string): Section {
    return {
      name,
      ...this.#maybe(0.1, 'labels', () => ({ team: 'x' })),
      ...this.#maybe(0.6, 'webhook_configs', () =>
        this.#list(2, () => ({
          url: this.#pick(['http://hook.example/a', 'https://hook.example:1234/b?c=d', 'http://{{ .Receiver }}.example']),
          ...this.#maybe(0.3, 'send_resolved', () => this.#chance(0.5)),
          ...this.#maybe(0.2, 'max_alerts', () => 5),
          ...this.#maybe(0.2, 'http_config', () => this.#httpConfig()),
        })),
      ),
    }
  }

  /** Entries of other kinds, most of them fine by themselves, some only with what stands below `global`. */
  #otherEntries(): Section {
    const kinds: Readonly<Record<string, () => Section>> = {
      slack_configs: () => ({
        ...this.#maybe(0.5, 'api_url', () => 'https://slack.example/x'),
        ...this.#maybe(0.2, 'api_url_file', () => '/x'),
        ...this.#maybe(0.2, 'app_token', () => 'xoxb'),
        ...this.#maybe(0.6, 'channel', () => '#alerts'),
        ...this.#maybe(0.3, 'title', () => '{{ .GroupLabels.alertname }}'),
        ...this.#maybe(0.2, 'fields', () => [{ title: 'a', ...this.#maybe(0.8, 'value', () => 'b') }]),
        ...this.#maybe(0.2, 'actions', () => [{ type: 'button', text: 'x', ...this.#maybe(0.7, 'url', () => 'http://y') }]),
      }),
      pagerduty_configs: () => ({
        ...this.#maybe(0.7, 'routing_key', () => 'key'),
        ...this.#maybe(0.2, 'service_key', () => 'key'),
        ...this.#maybe(0.2, 'details', () => ({ a: '{{ .Status }}' })),
        ...this.#maybe(0.1, 'url', () => this.#pick(['http://pd.example', 'x'])),
      }),
      opsgenie_configs: () => ({
        ...this.#maybe(0.6, 'api_key', () => 'key'),
        ...this.#maybe(0.2, 'api_key_file', () => '/x'),
        ...this.#maybe(0.3, 'responders', () => [{ ...this.#maybe(0.8, 'name', () => 'a'), type: this.#pick(['team', 'user', 'robot']) }]),
        ...this.#maybe(0.2, 'update_alerts', () => true),
      }),
      telegram_configs: () => ({
        ...this.#maybe(0.8, 'bot_token', () => 'token'),
        ...this.#maybe(0.1, 'bot_token_file', () => '/x'),
        ...this.#maybe(0.8, 'chat_id', () => this.#pick([0, -12345, 42])),
        ...this.#maybe(0.2, 'parse_mode', () => this.#pick(['HTML', 'MarkdownV2', '', 'text'])),
      }),
      discord_configs: () => ({
        ...this.#maybe(0.8, 'webhook_url', () => 'https://discord.example/x'),
        ...this.#maybe(0.2, 'webhook_url_file', () => '/x'),
      }),
      msteams_configs: () => ({ ...this.#maybe(0.8, 'webhook_url', () => 'https://t.example/x') }),
      msteamsv2_configs: () => ({
        ...this.#maybe(0.8, 'webhook_url', () => 'https://t.example/x'),
        ...this.#maybe(0.2, 'webhook_url_file', () => '/x'),
      }),
      pushover_configs: () => ({
        ...this.#maybe(0.9, 'user_key', () => 'u'),
        ...this.#maybe(0.9, 'token', () => 't'),
        ...this.#maybe(0.2, 'retry', () => this.#pick(['1m', '90s'])),
        ...this.#maybe(0.2, 'html', () => true),
        ...this.#maybe(0.2, 'monospace', () => true),
      }),
      victorops_configs: () => ({
        ...this.#maybe(0.7, 'api_key', () => 'k'),
        ...this.#maybe(0.9, 'routing_key', () => 'r'),
        ...this.#maybe(0.2, 'custom_fields', () => ({ [this.#pick(['a', 'entity_id'])]: 'x' })),
      }),
      wechat_configs: () => ({
        ...this.#maybe(0.7, 'api_secret', () => 's'),
        ...this.#maybe(0.8, 'corp_id', () => 'c'),
        ...this.#maybe(0.2, 'message_type', () => this.#pick(['markdown', 'text', 'voice'])),
      }),
      webex_configs: () => ({
        ...this.#maybe(0.9, 'room_id', () => 'r'),
        ...this.#maybe(0.9, 'http_config', () => ({ authorization: { credentials: 'x' } })),
      }),
      sns_configs: () => ({
        ...this.#maybe(0.9, this.#pick(['topic_arn', 'phone_number', 'target_arn']), () => 'x'),
        sigv4: { ...this.#maybe(0.7, 'region', () => 'eu-west-1'), ...this.#maybe(0.2, 'access_key', () => 'x') },
      }),
      rocketchat_configs: () => ({
        ...this.#maybe(0.8, 'token', () => 't'),
        ...this.#maybe(0.8, 'token_id', () => 'i'),
        ...this.#maybe(0.1, 'token_file', () => '/x'),
        channel: 'x',
      }),
      email_configs: () => ({
        ...this.#maybe(0.9, 'to', () => 'you@example.org'),
        ...this.#maybe(0.5, 'from', () => 'me@example.org'),
        ...this.#maybe(0.5, 'smarthost', () => this.#pick(['mail:25', 'mail', ''])),
        ...this.#maybe(0.2, 'headers', () => ({ Subject: 'x', [this.#pick(['subject', 'X-A'])]: 'y' })),
        ...this.#maybe(0.2, 'auth_password', () => 'x'),
        ...this.#maybe(0.2, 'auth_password_file', () => '/x'),
        ...this.#maybe(0.2, 'require_tls', () => false),
      }),
      jira_configs: () => ({
        ...this.#maybe(0.7, 'api_url', () => 'https://jira.example'),
        ...this.#maybe(0.9, 'project', () => 'P'),
        ...this.#maybe(0.9, 'issue_type', () => 'Bug'),
        ...this.#maybe(0.2, 'labels', () => ['a']),
        ...this.#maybe(0.2, 'fields', () => ({ customfield_1: { value: 'x' } })),
        ...this.#maybe(0.2, 'summary', () => this.#pick<Value>(['s', { template: 's', enable_update: false }])),
        ...this.#maybe(0.2, 'api_type', () => this.#pick(['auto', 'cloud', 'own'])),
      }),
      mattermost_configs: () => ({ ...this.#maybe(0.8, 'webhook_url', () => 'https://m.example/x') }),
      incidentio_configs: () => ({
        ...this.#maybe(0.9, 'url', () => 'https://i.example/x'),
        ...this.#maybe(0.9, 'alert_source_token', () => 'x'),
        ...this.#maybe(0.1, 'alert_source_token_file', () => '/x'),
      }),
    }
    const [field, make] = this.#pick(Object.entries(kinds))
    return { [field]: [make()] }
  }

  #options(): Section {
    return {
      ...this.#maybe(0.5, 'group_by', () => (this.#chance(0.2) ? ['...'] : this.#some(NAMES))),
      ...this.#maybe(0.3, 'group_wait', () => this.#pick([...DURATIONS, '0s'])),
      ...this.#maybe(0.3, 'group_interval', () => this.#pick(DURATIONS)),
      ...this.#maybe(0.3, 'repeat_interval', () => this.#pick(DURATIONS)),
    }
  }

  #routes(depth: number): Value {
    return this.#list(3, () => ({
      ...this.#maybe(0.8, 'receiver', () => this.#pick(RECEIVERS)),
      ...this.#options(),
      ...this.#maybe(0.7, 'matchers', () => this.#list(2, () => this.#matcher())),
      ...this.#maybe(0.2, 'match', () => ({ [this.#pick(NAMES)]: this.#pick(VALUES) })),
      ...this.#maybe(0.2, 'match_re', () => ({ [this.#pick(NAMES)]: this.#pick(REGEXES) })),
      ...this.#maybe(0.4, 'continue', () => this.#chance(0.7)),
      ...this.#maybe(0.2, 'mute_time_intervals', () => this.#some(INTERVALS)),
      ...this.#maybe(0.2, 'active_time_intervals', () => this.#some(INTERVALS)),
      ...this.#maybe(depth < 2 ? 0.5 : 0, 'routes', () => this.#routes(depth + 1)),
    }))
  }

  /** In one of the ways to write it. */
  #matcher(): string {
    const operator = this.#pick(['=', '!=', '=~', '!~'])
    const value = this.#pick(operator.endsWith('~') ? REGEXES : VALUES)
    const isBare = value !== '' && /^[a-z]+$/.test(value) && this.#chance(0.4)
    const space = this.#pick(['', ' '])
    const one = `${this.#pick(NAMES)}${space}${operator}${space}${isBare ? value : JSON.stringify(value)}`
    const text = this.#chance(0.15) ? `${one},env="prod"` : one
    return this.#chance(0.15) ? `{${text}${this.#pick(['', ','])}}` : text
  }

  #inhibitRule(): Section {
    return {
      ...this.#maybe(0.3, 'name', () => 'rule'),
      source_matchers: this.#list(2, () => this.#matcher()),
      target_matchers: this.#list(2, () => this.#matcher()),
      ...this.#maybe(0.2, 'source_match', () => ({ severity: 'critical' })),
      ...this.#maybe(0.2, 'target_match_re', () => ({ severity: this.#pick(REGEXES) })),
      ...this.#maybe(0.7, 'equal', () => this.#some(NAMES)),
    }
  }

  #interval(): Section {
    return {
      ...this.#maybe(0.5, 'times', () => [
        this.#pick([
          { start_time: '09:00', end_time: '17:00' },
          { start_time: '22:00', end_time: '24:00' },
        ]),
      ]),
      ...this.#maybe(0.5, 'weekdays', () => [this.#pick(['monday:friday', 'Saturday', 'sunday'])]),
      ...this.#maybe(0.3, 'days_of_month', () => [this.#pick(['1:5', '-3:-1', '31', '1:31'])]),
      ...this.#maybe(0.3, 'months', () => [this.#pick(['january', '3:5', 'may:August'])]),
      ...this.#maybe(0.3, 'years', () => [this.#pick(['2024', '2024:2030'])]),
      ...this.#maybe(0.3, 'location', () => this.#pick(['Europe/Berlin', 'UTC', 'Asia/Calcutta'])),
    }
  }

  /** Makes one thing wrong, or odd. */
  #break(config: Section): void {
    const root = (config.route ?? {}) as Section
    const route = this.#pick(allRoutes(root))
    const global = () => {
      config.global ??= {}
      return config.global as Section
    }
    const receiver = this.#pick(config.receivers as readonly Section[])
    const interval = () => {
      const [named] = config.time_intervals as readonly Section[]
      named.time_intervals = [...(named.time_intervals as readonly Value[]), {}]
      return (named.time_intervals as readonly Section[]).at(-1)!
    }
    const rule = () => {
      config.inhibit_rules = [...((config.inhibit_rules as readonly Value[] | undefined) ?? []), { source_matchers: ['a=b'] }]
      return (config.inhibit_rules as readonly Section[]).at(-1)!
    }
    if (this.#chance(0.35)) {
      Object.assign(receiver, this.#otherEntries())
      return
    }
    const faults: readonly (() => void)[] = [
      () => (route.receiver = 'nobody'),
      () => (route.group_by = ['a', 'b', 'a']),
      () => (route.group_by = ['...', 'a']),
      () => (route.group_by = [this.#pick(['', 'a-b', 'ü'])]),
      () => (route.group_interval = this.#pick(['0s', '0', '5', '1x', '-1s', ''])),
      () => (route.repeat_interval = this.#pick(['0s', '1h1h', '1s1h'])),
      () => (route.group_wait = this.#pick(['', '1.5s', 'soon'])),
      () =>
        (route.matchers = [
          this.#pick(['a', 'a=', '=b', 'a==b', 'a=~(', 'a=b,,c=d', '{a=b', 'a=b}', '"a b"=c', 'ü=x', 'a="x', "a='b'", '']),
        ]),
      () => (route.match = { [this.#pick(['a-b', '1a', 'ok'])]: 'x' }),
      () => (route.match_re = { [this.#pick(['a-b', 'ok'])]: this.#pick(['(', '*', 'fine']) }),
      () => (route.match_re = { ok: null }),
      () => (route.mute_time_intervals = [this.#pick(['nobody', ...INTERVALS])]),
      () => (route.active_time_intervals = ['nobody']),
      () => (route.continue = this.#pick<Value>(['maybe', true, 1])),
      () => (route.unknown = 'x'),
      () => (root.receiver = ''),
      () => (root.matchers = ['a=b']),
      () => (root.continue = true),
      () => (root.mute_time_intervals = ['nights']),
      () => delete config.route,
      () => (config.receivers = [...(config.receivers as readonly Value[]), { name: this.#pick(['default', 'pager', '', 'new']) }]),
      () => (receiver.labels = { name: this.#pick(['default', 'other']) }),
      () => (receiver.webhook_configs = [{ url: this.#pick(['hook', 'ftp://x/', 'http://', '', '{{ .x']) }]),
      () => (receiver.webhook_configs = [{ url: 'http://a', url_file: '/b' }]),
      () => (receiver.webhook_configs = [{}]),
      () => (receiver.webhook_configs = [null]),
      () => (receiver.unknown_configs = []),
      () => (global().unknown = 1),
      () => (global().resolve_timeout = this.#pick(['0s', 'x'])),
      () => (global().smtp_smarthost = this.#pick(['mail', 'mail:', '::1:25', '[::1', '[::1]', 'a:b:c', ':25', '[::1]x:25'])),
      () => (global().pagerduty_url = this.#pick(['', 'x', 'ftp://x', 'http:///y'])),
      () => (global().slack_api_url = this.#pick(['', 'x'])),
      () => Object.assign(global(), { slack_api_url: 'http://x', slack_app_token: 'y' }),
      () => Object.assign(global(), { slack_api_url: 'http://x', slack_api_url_file: '/y' }),
      () => Object.assign(global(), { opsgenie_api_key: 'x', opsgenie_api_key_file: '/y' }),
      () => Object.assign(global(), { rocketchat_token: '', rocketchat_token_file: '/y' }),
      () => Object.assign(global(), { telegram_bot_token: 'x', telegram_bot_token_file: '/y' }),
      () => Object.assign(global(), { smtp_auth_secret: 'x', smtp_auth_secret_file: '/y' }),
      () =>
        (global().http_config = { basic_auth: { username: 'a' }, oauth2: { client_id: 'a', client_secret: 'b', token_url: 'http://c' } }),
      () => (global().http_config = { bearer_token: 'a', bearer_token_file: '/b' }),
      () => (global().http_config = { no_proxy: 'x' }),
      () => (interval().weekdays = [this.#pick(['foo', 'friday:monday', 'monday:tuesday:x', ''])]),
      () => (interval().days_of_month = [this.#pick(['0', '32', '-32', '-1:5', '5:-30', '5:3', 'x', '1:32', '99999999999999999999'])]),
      () => (interval().months = [this.#pick(['foo', '5:3', 'may:march', '13:5', '0'])]),
      () => (interval().years = [this.#pick(['x', '2022:2020'])]),
      () =>
        (interval().times = [
          this.#pick<Section>([
            {},
            { start_time: '9:00', end_time: '10:00' },
            { start_time: '10:00', end_time: '10:00' },
            { start_time: '09:00', end_time: '24:01' },
          ]),
        ]),
      () => (interval().location = this.#pick(['Mars/Olympus', 'europe/berlin', '+02:00', '../x', ''])),
      () =>
        (config.time_intervals = [...(config.time_intervals as readonly Value[]), { name: this.#pick(['weekends', 'nights', 'fresh']) }]),
      () => (config.mute_time_intervals = [{ time_intervals: [] }]),
      () => (rule().equal = [this.#pick(['a-b', '', 'ok'])]),
      () => (rule().source_match = { 'a-b': 'x' }),
      () => (rule().target_match_re = { ok: this.#pick<Value>(['(', null]) }),
      () => (rule().target_matchers = [this.#pick(['a', 'a=~['])]),
      () => (rule().unknown = true),
      () => (config.tracing = this.#pick<Value>([{}, { endpoint: 'x', compression: 'zip' }])),
      () => (config.event_recorder = { file_outputs: [{}] }),
      () => (config.unknown = {}),
      () => (config.templates = 'x'),
    ]
    this.#pick(faults)()
  }

  #maybe(probability: number, field: string, make: () => Value): Section {
    return this.#chance(probability) ? { [field]: make() } : {}
  }

  #list(max: number, make: () => Value): readonly Value[] {
    return Array.from({ length: 1 + Math.floor(this.#random.next() * max) }, make)
  }

  #some(texts: readonly string[]): readonly string[] {
    return texts.filter(() => this.#chance(0.4))
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random.next() * items.length)]
  }

  #chance(probability: number): boolean {
    return this.#random.next() < probability
  }
}

function allRoutes(route: Section): readonly Section[] {
  return [route, ...((route.routes as readonly Section[] | undefined) ?? []).flatMap(allRoutes)]
}
