// Receivers of all kinds as text, with what they have by default and with all that can be said of them.

export interface Place {
  /** The group's name: the first part of paths, and whom mail is to. */
  readonly name: string
  readonly port: number
  readonly smtpPort: number
}

type Variant = (place: Place) => Readonly<Record<string, string>>

const T = '{{ .Status }} {{ .GroupLabels.alertname }} {{ len .Alerts.Firing }} {{ .CommonLabels.SortedPairs }} <b>"x"</b> é'
const q = (text: string) => `'${text.replaceAll("'", "''")}'`

/** The URL of a kind. */
const at = ({ name, port }: Place, kind: string) => `http://127.0.0.1:${port}/${name}/${kind}`
/** For those whose URL cannot be changed. */
const through = ({ name, port }: Place) =>
  `http_config: {proxy_url: "http://${name}:p@127.0.0.1:${port}", tls_config: {insecure_skip_verify: true}}`

export const DEFAULTS: Variant = (place) => ({
  webhook: `{url: "${at(place, 'webhook')}"}`,
  pagerduty: `{routing_key: rk, url: "${at(place, 'pagerduty')}"}`,
  opsgenie: `{api_key: ok, api_url: "${at(place, 'opsgenie')}"}`,
  wechat: `{api_secret: ws, corp_id: wc, api_url: "${at(place, 'wechat')}", send_resolved: true}`,
  slack: `{api_url: "${at(place, 'slack')}", send_resolved: true}`,
  victorops: `{api_key: vk, routing_key: vr, api_url: "${at(place, 'victorops')}"}`,
  pushover: `{user_key: pu, token: pt, ${through(place)}}`,
  sns: `{topic_arn: "arn:aws:sns:us-east-1:1:x", api_url: "${at(place, 'sns')}", sigv4: {region: us-east-1, access_key: a, secret_key: b}}`,
  telegram: `{chat_id: 5, bot_token: tb, api_url: "${at(place, 'telegram')}"}`,
  discord: `{webhook_url: "${at(place, 'discord')}"}`,
  webex: `{room_id: wr, api_url: "${at(place, 'webex')}", http_config: {authorization: {credentials: wx}}}`,
  msteams: `{webhook_url: "${at(place, 'msteams')}"}`,
  msteamsv2: `{webhook_url: "${at(place, 'msteamsv2')}"}`,
  jira: `{project: NEW, issue_type: Bug, api_url: "${at(place, 'jira')}"}`,
  rocketchat: `{token: rt, token_id: ri, api_url: "${at(place, 'rocketchat')}", send_resolved: true}`,
  mattermost: `{webhook_url: "${at(place, 'mattermost')}"}`,
  incidentio: `{url: "${at(place, 'incidentio')}", alert_source_token: it}`,
  email: `{to: "${place.name}@x.example", from: "am@x.example", smarthost: "127.0.0.1:${place.smtpPort}", require_tls: false, send_resolved: true}`,
})

/** Everything that can be said. */
export const FULL: Variant = (place) => ({
  webhook: `{url: "${at(place, 'webhook')}/{{ .GroupLabels.alertname }}", max_alerts: 2, timeout: 60s, http_config: {http_headers: {X-Own: {values: [a, b]}}}}`,
  pagerduty: `{service_key: "{{ .Receiver }}", client: ${q(T)}, client_url: "http://c/{{ .Status }}", description: ${q(T)}, details: {a: "x: [1, yes, 1.50]", n: [1, {deep: "{{ .Status }}"}], firing: f, "k{{ .Status }}": ""}, ${through(place)}}`,
  opsgenie: `{api_key: "{{ .Status }}k", api_url: "${at(place, 'opsgenie')}/", message: ${q(T.repeat(8))}, description: ${q(T)}, source: s, details: {x: "{{ .Status }}", alertname: own}, entity: e, responders: [{name: "a,,b", type: teams}, {username: u, type: USER}, {id: "{{ .CommonLabels.none }}", type: "{{ .CommonLabels.none }}"}], actions: "a, b,,c", tags: " t1,{{ .Status }} ", note: n, priority: P1, update_alerts: true}`,
  wechat: `{api_secret: "s{{ .Status }}", corp_id: "c {{ .Status }}", api_url: "${at(place, 'wechat')}", send_resolved: true, message: ${q(T)}, to_user: u, to_party: p, to_tag: t, agent_id: "1", message_type: markdown}`,
  slack: `{app_token: at, app_url: "${at(place, 'slack')}/chat.postMessage", send_resolved: true, channel: "#{{ .Status }}", username: ${q(T)}, color: "#fff", title: ${q(T)}, title_link: l, pretext: p, text: ${q(T)}, message_text: m, fields: [{title: ft, value: "{{ .Status }}", short: true}, {title: f2, value: v2}], short_fields: false, footer: fo, fallback: fa, callback_id: ci, icon_emoji: ":x:", icon_url: iu, image_url: im, thumb_url: th, link_names: true, mrkdwn_in: [text], actions: [{type: button, text: t, url: "http://u", name: n, value: v, style: danger}, {type: button, text: t, name: "n{{ .Status }}", value: v, confirm: {text: ct, title: ti, ok_text: ok, dismiss_text: di}}], update_message: false, timeout: 60s}`,
  victorops: `{api_key: vk, routing_key: "v r/{{ .Status }}", api_url: "${at(place, 'victorops')}", message_type: "{{ .Status }}", state_message: ${q(T)}, entity_display_name: ${q(T)}, monitoring_tool: m, custom_fields: {a: "{{ .Status }}", Z: "é"}}`,
  pushover: `{user_key: "{{ .Status }}", token: pt, title: ${q(T.repeat(5))}, message: ${q(T.repeat(20))}, url: "http://u/~*'()!", url_title: ut, device: d, sound: so, priority: "1", retry: 90s, expire: 2h, ttl: 61s, html: true, ${through(place)}}`,
  sns: `{target_arn: "arn:{{ .Status }}", api_url: "${at(place, 'sns')}", sigv4: {region: eu-west-1, access_key: a, secret_key: b}, subject: su, message: ${q(T)}, attributes: {b: "{{ .Status }}", a: x}}`,
  telegram: `{chat_id: -100200, bot_token: tb, api_url: "${at(place, 'telegram')}", message: ${q(T)}, disable_notifications: true, message_thread_id: 9, parse_mode: ""}`,
  discord: `{webhook_url: "${at(place, 'discord')}", content: ${q(T)}, title: ${q(T.repeat(6))}, message: ${q(T)}, username: un, avatar_url: "http://a/"}`,
  webex: `{room_id: "{{ .Status }}", api_url: "${at(place, 'webex')}", message: ${q(T.repeat(200))}, http_config: {authorization: {type: Own, credentials: wx}}}`,
  msteams: `{webhook_url: "${at(place, 'msteams')}", title: ${q(T)}, summary: s, text: ${q(T)}}`,
  msteamsv2: `{webhook_url: "${at(place, 'msteamsv2')}", title: ${q(T)}, text: ${q(T)}}`,
  jira: `{project: OPEN, issue_type: "B{{ .Status }}", api_url: "${at(place, 'jira')}", api_type: datacenter, summary: {template: ${q(T)}, enable_update: false}, description: {template: ${q(T)}, enable_update: true}, priority: High, labels: [b, "a{{ .Status }}"], resolve_transition: Resolve, reopen_transition: Reopen, reopen_duration: 90m, wont_fix_resolution: "Won't \\"fix\\"", fields: {customfield_1: {value: "{{ .Status }}"}, list: [1, "2", {name: n}], empty: ""}}`,
  rocketchat: `{token: rt, token_id: ri, api_url: "${at(place, 'rocketchat')}/", send_resolved: true, channel: "#{{ .Status }}", color: c, title: ${q(T)}, title_link: tl, text: ${q(T)}, fields: [{title: a, value: "{{ .Status }}", short: true}, {title: b}], short_fields: true, emoji: ":e:", icon_url: iu, image_url: im, thumb_url: tu, link_names: true, actions: [{type: x, text: "t{{ .Status }}", url: u, msg: m}]}`,
  mattermost: `{webhook_url: "${at(place, 'mattermost')}", channel: "c{{ .Status }}", username: u, text: ${q(T)}, fallback: fa, color: "#000", title: ti, fields: [{title: a, value: b, short: true}], icon_url: iu, icon_emoji: ":i:", attachments: [{text: ${q(T)}, fallback: f, color: c, pretext: p, author_name: an, author_link: al, author_icon: ai, title: t, title_link: tl, fields: [{title: a, value: "{{ .Status }}", short: false}, {title: b, value: c}], thumb_url: th, footer: fo, footer_icon: fi, image_url: im}], type: custom, props: {card: "c{{ .Status }}"}, priority: {priority: Urgent, requested_ack: true, persistent_notifications: true}}`,
  incidentio: `{url: "${at(place, 'incidentio')}", http_config: {authorization: {credentials: own}}, max_alerts: 1, timeout: 60s}`,
  email: `{to: "${place.name}@x.example, \\"O. K.\\" <o.k@x.example>", from: "Name <am@x.example>", smarthost: "127.0.0.1:${place.smtpPort}", require_tls: false, send_resolved: true, hello: me.example, auth_username: au, auth_password: ap, headers: {subject: ${q(T)}, x-own: "é {{ .Status }}", Reply-To: r@x.example}, html: ${q(`<p title="${T.replaceAll('"', '')}">${T}</p><script>var a = {{ .Status }}</script>`)}, text: ${q(T)}, threading: {enabled: true, thread_by_date: none}}`,
})

/** What else there is of those that are one thing or another. */
export const OTHERS: Variant = (place) => ({
  webhook: `{url: "${at(place, 'webhook')}", payload: {a: "{{ .Status }}", b: ["{{ len .Alerts }}", "{{ .CommonLabels | toJson }}"], c: ${q('{{ template "opsgenie.default.description" . }}')}, "n{{ .Status }}": 1.0}}`,
  pagerduty:
    `{routing_key: "{{ .Status }}", url: "${at(place, 'pagerduty')}", severity: "{{ if eq .Status "firing" }}critical{{ else }}info{{ end }}", source: so, class: cl, component: co, group: gr, images: [{src: "{{ .Status }}", alt: a, href: h}, {}], links: [{href: h, text: "{{ .Status }}"}], timeout: 60s}`.replaceAll(
      '"{{ if eq .Status "firing" }}critical{{ else }}info{{ end }}"',
      `'{{ if eq .Status "firing" }}critical{{ else }}info{{ end }}'`,
    ),
  telegram: `{chat_id: 7, bot_token: tb, api_url: "${at(place, 'telegram')}", message: ${q(T)}, parse_mode: MarkdownV2}`,
  jira: `{project: DONE, issue_type: Bug, summary: "plain {{ .Status }}", description: "also {{ .Status }}", api_url: "${at(place, 'jira')}/rest/api/2", api_type: cloud, resolve_transition: Resolve, reopen_transition: Reopen, reopen_duration: 90m}`,
  opsgenie: `{api_key: ok, api_url: "${at(place, 'opsgenie')}/p%20q%2Fr!s?z=1&a=x%20y", update_alerts: true}`,
  victorops: `{api_key: "v%41 k", routing_key: "v?r#(é)", api_url: "${at(place, 'victorops')}/p%20q%2Fr!s?z=1&a=x%20y"}`,
  sns: `{phone_number: "+1", api_url: "${at(place, 'sns')}", sigv4: {region: us-east-1, access_key: a, secret_key: b}, message: ${q(T.repeat(40))}}`,
  pushover: `{user_key: pu, token: pt, message: " ", monospace: true, ${through(place)}}`,
  mattermost: `{webhook_url: "${at(place, 'mattermost')}", attachments: [], priority: {priority: other, requested_ack: true, persistent_notifications: true}}`,
  email: `{to: "${place.name}@x.example", from: "am@x.example", smarthost: "127.0.0.1:${place.smtpPort}", require_tls: false, send_resolved: true, html: "", text: ${JSON.stringify(`${T}\n line = two \n.dot\n${T.repeat(3)} `)}}`,
})
