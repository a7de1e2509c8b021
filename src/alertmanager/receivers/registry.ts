import { list } from '../../base/schema.ts'
import { discord } from './discord.ts'
import { email } from './email.ts'
import { incidentio } from './incidentio.ts'
import type { Integration } from './integration.ts'
import { jira } from './jira.ts'
import { mattermost } from './mattermost.ts'
import { msteams } from './msteams.ts'
import { msteamsv2 } from './msteamsv2.ts'
import { opsgenie } from './opsgenie.ts'
import { pagerduty } from './pagerduty.ts'
import { pushover } from './pushover.ts'
import type { ReceiverGlobals } from './receiver-globals.ts'
import type { ReceiverContext, ReceiverKind } from './receiver-kind.ts'
import { rocketchat } from './rocketchat.ts'
import { slack } from './slack.ts'
import { sns } from './sns.ts'
import { telegram } from './telegram.ts'
import { victorops } from './victorops.ts'
import { webex } from './webex.ts'
import { webhook } from './webhook.ts'
import { wechat } from './wechat.ts'

/** All kinds, in the order in which upstream builds a receiver's integrations. */
export const RECEIVER_KINDS: readonly ReceiverKind[] = [
  anyKind(webhook),
  anyKind(email),
  anyKind(pagerduty),
  anyKind(opsgenie),
  anyKind(wechat),
  anyKind(slack),
  anyKind(victorops),
  anyKind(pushover),
  anyKind(sns),
  anyKind(telegram),
  anyKind(discord),
  anyKind(webex),
  anyKind(msteams),
  anyKind(msteamsv2),
  anyKind(jira),
  anyKind(rocketchat),
  anyKind(mattermost),
  anyKind(incidentio),
]

/** A kind is only ever handed what its own schema read. */
function anyKind<S>(kind: ReceiverKind<S>): ReceiverKind {
  return kind as unknown as ReceiverKind
}

/** An empty entry means nothing. */
function entries<S>({ kind, schema }: ReceiverKind<S>) {
  return list(schema, { empty: `missing ${kind} config` })
}

/** The fields of a receiver, in upstream's order: `webhook_configs` … */
export const RECEIVER_FIELDS = {
  discord_configs: entries(discord),
  email_configs: entries(email),
  incidentio_configs: entries(incidentio),
  pagerduty_configs: entries(pagerduty),
  slack_configs: entries(slack),
  webhook_configs: entries(webhook),
  opsgenie_configs: entries(opsgenie),
  wechat_configs: entries(wechat),
  pushover_configs: entries(pushover),
  victorops_configs: entries(victorops),
  sns_configs: entries(sns),
  telegram_configs: entries(telegram),
  webex_configs: entries(webex),
  msteams_configs: entries(msteams),
  msteamsv2_configs: entries(msteamsv2),
  jira_configs: entries(jira),
  rocketchat_configs: entries(rocketchat),
  mattermost_configs: entries(mattermost),
}

/** A receiver of the configuration: its entries, by the names of their lists. */
export type ReceiverSection = { readonly [K in keyof typeof RECEIVER_FIELDS]?: readonly unknown[] }

/** What is wrong with a receiver's entries below a section `global`; `path` is where. */
export function receiverProblems(
  receiver: ReceiverSection,
  global: ReceiverGlobals,
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  return entriesOf(receiver).flatMap(({ kind, field, section, index }) => {
    const message = kind.problem?.(section, global)
    return message === undefined ? [] : [{ path: [field, index], message }]
  })
}

/** The ways out of a receiver without problems. */
export async function buildReceiver(receiver: ReceiverSection, context: ReceiverContext): Promise<readonly Integration[]> {
  return await Promise.all(entriesOf(receiver).map(({ kind, section, index }) => kind.build(section, index, context)))
}

function entriesOf(receiver: ReceiverSection) {
  return RECEIVER_KINDS.flatMap((kind) => {
    const field = `${kind.kind}_configs` as keyof ReceiverSection
    return (receiver[field] ?? []).map((section, index) => ({ kind, field, section, index }))
  })
}
