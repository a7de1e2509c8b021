import { boolean, map, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { RequestSigner } from '../../http-client/sigv4.ts'
import { sigv4Schema, toSigV4 } from '../../http-client/sigv4-config.ts'
import { compareStrings } from '../../model/labels.ts'
import { checkStatus, type DeliveryAnswer, deliver } from './delivery.ts'
import { groupHash } from './group-key.ts'
import { receiverFields } from './http-config.ts'
import { clientOf } from './json-delivery.ts'
import { NotifyError } from './notify-error.ts'
import { receiverKind } from './receiver-kind.ts'
import { type Notification, templatedIntegration } from './templated-integration.ts'
import { cutBytes } from './truncate.ts'
import { encodeValues } from './url-parts.ts'
import { withDefaults } from './with-defaults.ts'

// Source: Alertmanager docs/configuration.md, sns_config; notify/sns; AWS' documentation, SNS' action Publish.

const DEFAULTS = {
  send_resolved: true,
  subject: '{{ template "sns.default.subject" . }}',
  message: '{{ template "sns.default.message" . }}',
}

const schema = section(
  'sns_config',
  {
    ...receiverFields,
    api_url: text(),
    sigv4: sigv4Schema(),
    topic_arn: text(),
    phone_number: text(),
    target_arn: text(),
    subject: text(),
    message: text(),
    attributes: map(text()),
    use_aws_http_client: boolean(),
  },
  {
    printed: DEFAULTS,
    check({ topic_arn, phone_number, target_arn, sigv4 }, report) {
      if ([topic_arn, phone_number, target_arn].filter(Boolean).length !== 1)
        report([], 'must provide either a Target ARN, Topic ARN, or Phone Number for SNS config')
      else if (sigv4?.external_id && !sigv4.role_arn) report(['sigv4', 'external_id'], 'external_id can only be used with role_arn')
    },
  },
)

const MESSAGE_BYTES_MAX = 256 * 1024
/** Of a text message. */
const SMS_BYTES_MAX = 1600

type Section = Output<typeof schema>
type Config = ReturnType<typeof withDefaults<Section, typeof DEFAULTS>>

export const sns = receiverKind<Section>({
  kind: 'sns',
  schema,
  async build(section, index, context) {
    const config = withDefaults(section, DEFAULTS)
    const client = clientOf(config, context)
    const { clock } = context.env
    const signing = { ...toSigV4(config.sigv4 ?? {}, context.variables)!, serviceName: 'sns' }
    let signer: Promise<RequestSigner> | undefined
    return templatedIntegration({ kind: 'sns', index, sendResolved: config.send_resolved }, context, async (notification) => {
      const { text, signal } = notification
      const region = signing.region || regionOf(config)
      if (region === '' && !config.api_url) throw new NotifyError('Invalid Configuration: Missing Region', { retry: false })
      const url = config.api_url ? new URL(text(config.api_url)).href : `https://sns.${region}.amazonaws.com/`
      const body = encodeValues(parametersOf(config, notification))
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      // The libraries that sign are large.
      signer ??= import('../../http-client/sigv4.ts').then(({ requestSigner }) => requestSigner({ ...signing, region }, clock))
      const signed = await (await signer)({ url, method: 'POST', headers, body: Buffer.from(body) })
      checkStatus(await deliver({ client, url, headers: { ...headers, ...signed }, body, signal }), { details: refusal })
    })
  },
})

/** The region that the name of what is written to has in it. */
function regionOf({ topic_arn, target_arn }: Config): string {
  return (topic_arn || target_arn || '').split(':')[3] ?? ''
}

function parametersOf(config: Config, { request, text }: Notification): readonly (readonly [string, string])[] {
  const full = text(config.message)
  const message = cutBytes(full, config.phone_number ? SMS_BYTES_MAX : MESSAGE_BYTES_MAX)
  const attributes = Object.entries(config.attributes ?? {}).map(([name, value]): [string, string] => [text(name), text(value)])
  if (message !== full) attributes.push(['truncated', 'true'])
  const topic = text(config.topic_arn ?? '')
  const values: [string, string][] = [
    ['Action', 'Publish'],
    ['Version', '2010-03-31'],
    ['Message', message],
  ]
  if (topic !== '') values.push(['TopicArn', topic])
  if (topic.endsWith('.fifo')) values.push(['MessageDeduplicationId', groupHash(request)], ['MessageGroupId', groupHash(request)])
  if (config.phone_number) values.push(['PhoneNumber', text(config.phone_number)])
  if (config.target_arn) values.push(['TargetArn', text(config.target_arn)])
  if (config.subject !== '') values.push(['Subject', text(config.subject)])
  for (const [index, [name, value]] of attributes.sort(([a], [b]) => compareStrings(a, b)).entries()) {
    const entry = `MessageAttributes.entry.${index + 1}`
    values.push([`${entry}.Name`, name], [`${entry}.Value.DataType`, 'String'], [`${entry}.Value.StringValue`, value])
  }
  return values
}

function refusal({ body }: DeliveryAnswer): string {
  return /<Message>([^<]*)<\/Message>/.exec(body)?.[1] ?? 'UnknownError'
}
