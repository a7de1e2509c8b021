import { DEFAULT_EMAIL_HTML } from './default-email.ts'

// The templates that users' templates build on and that receivers' texts name when the file gives none. Their names and what they write
// are upstream's. Source: Alertmanager template/default.tmpl of 0.33.

const define = (name: string, body: string) => `{{ define "${name}" }}${body}{{ end }}`
const call = (name: string, data = '.') => `{{ template "${name}" ${data} }}`

const SUBJECT = [
  '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}] {{ join " " .GroupLabels.Values }} ',
  '{{ if gt (len .CommonLabels) (len .GroupLabels) }}',
  '({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ join " " .Values }}{{ end }}){{ end }}',
].join('')

const pairs = (field: string, indent: string) => `{{ range .${field}.SortedPairs }}${indent}- {{ .Name }} = {{ .Value }}\n{{ end }}`

const ALERT_LIST = `{{ range . }}Labels:\n${pairs('Labels', ' ')}Annotations:\n${pairs('Annotations', ' ')}Source: {{ .GeneratorURL }}\n{{ end }}`
const MARKDOWN_LIST = `{{ range . }}\nLabels:\n${pairs('Labels', '  ')}\nAnnotations:\n${pairs('Annotations', '  ')}\nSource: {{ .GeneratorURL }}\n{{ end }}\n`

const COMMON_ANNOTATIONS = '{{ join " " .CommonAnnotations.Values }}'

const part = (state: string, text: (heading: string, data: string) => string) =>
  `{{ if .Alerts.${state} }}${text(`Alerts ${state}:`, `.Alerts.${state}`)}{{ end }}`

/** Those that fire, then those that do not. Between and after them there is the same white space whether they are there or not. */
const loose = (heading: string, list: string) => {
  const text = (title: string, data: string) => `\n${heading}${title}\n${call(list, data)}\n`
  return `\n${part('Firing', text)}\n${part('Resolved', text)}\n`
}

const tight = () => {
  const text = (title: string, data: string) => `${title}\n${call('__text_alert_list', data)}`
  return `${COMMON_ANNOTATIONS}\n${part('Firing', text)}\n${part('Resolved', text)}`
}

const PLAIN = loose('', '__text_alert_list')
const MARKDOWN = loose('# ', '__text_alert_list_markdown')
const COLOR = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'

/** The highest of those that fire; where none of them has one, of those that fired. */
const highest = (state: string) =>
  [
    `{{ if not $priority }}{{ range .Alerts.${state} }}{{ $severity := index .Labels "severity" }}`,
    '{{ if eq $severity "critical" }}{{ $priority = "High" }}',
    '{{ else if and (eq $severity "warning") (ne $priority "High") }}{{ $priority = "Medium" }}',
    '{{ else if and (eq $severity "info") (eq $priority "") }}{{ $priority = "Low" }}{{ end }}{{ end }}{{ end }}',
  ].join('')
const PRIORITY = `{{ $priority := "" }}${highest('Firing')}${highest('Resolved')}{{ $priority }}`

const PARTS: Readonly<Record<string, string>> = {
  __alertmanager: 'Alertmanager',
  __alertmanagerURL: '{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}',
  __subject: SUBJECT,
  __description: '',
  __text_alert_list: ALERT_LIST,
  __text_alert_list_markdown: MARKDOWN_LIST,
  'slack.default.fallback': `${call('slack.default.title')} | ${call('slack.default.titlelink')}`,
  'slack.default.color': COLOR,
  'pagerduty.default.instances': call('__text_alert_list'),
  'opsgenie.default.description': tight(),
  'wechat.default.message': `${call('__subject')}\n${tight()}\nAlertmanagerUrl:\n${call('__alertmanagerURL')}`,
  'victorops.default.state_message': tight(),
  'pushover.default.message': COMMON_ANNOTATIONS + PLAIN,
  'sns.default.message': COMMON_ANNOTATIONS + PLAIN,
  'telegram.default.message': PLAIN,
  'discord.default.message': PLAIN,
  'webex.default.message': COMMON_ANNOTATIONS + PLAIN,
  'msteams.default.text': MARKDOWN,
  'msteamsv2.default.text': MARKDOWN,
  'jira.default.description': MARKDOWN,
  'jira.default.priority': PRIORITY,
  'mattermost.default.fallback': `${call('mattermost.default.title')} | ${call('mattermost.default.titlelink')}`,
  'mattermost.default.color': COLOR,
  'mattermost.default.text': MARKDOWN,
  'email.default.html': DEFAULT_EMAIL_HTML,
}

/** Those that are another's twin. */
const TWINS: Readonly<Record<string, readonly string[]>> = {
  __subject: [
    'slack.default.title',
    'pagerduty.default.description',
    'opsgenie.default.message',
    'victorops.default.entity_display_name',
    'pushover.default.title',
    'sns.default.subject',
    'discord.default.title',
    'msteams.default.summary',
    'msteams.default.title',
    'msteamsv2.default.title',
    'jira.default.summary',
    'rocketchat.default.title',
    'mattermost.default.title',
    'email.default.subject',
  ],
  __alertmanager: [
    'slack.default.username',
    'pagerduty.default.client',
    'victorops.default.monitoring_tool',
    'rocketchat.default.alias',
    'mattermost.default.username',
  ],
  __alertmanagerURL: [
    'slack.default.titlelink',
    'pagerduty.default.clientURL',
    'opsgenie.default.source',
    'pushover.default.url',
    'rocketchat.default.titlelink',
    'mattermost.default.titlelink',
  ],
}

/** Places for users' texts. */
const EMPTY = [
  ...['callbackid', 'pretext', 'iconemoji', 'iconurl', 'text', 'footer'].map((name) => `slack.default.${name}`),
  ...['to_user', 'to_party', 'to_tag', 'agent_id'].map((name) => `wechat.default.${name}`),
  ...['emoji', 'iconurl', 'text'].map((name) => `rocketchat.default.${name}`),
  'discord.default.content',
]

export const DEFAULT_TEMPLATES = [
  ...Object.entries(PARTS).map(([name, body]) => define(name, body)),
  ...Object.entries(TWINS).flatMap(([twin, names]) => names.map((name) => define(name, call(twin)))),
  ...EMPTY.map((name) => define(name, '')),
].join('\n')
