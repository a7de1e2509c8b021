import { boolean, once, secret, section, text } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'

/** How requests are signed for AWS. Source: prometheus/common sigv4/sigv4_config.go. */
export interface SigV4Config {
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  readonly profile: string
  readonly roleArn: string
  readonly externalId: string
  readonly useFipsStsEndpoint: boolean
  readonly serviceName: string
}

/** Source of the fields: prometheus/common sigv4/sigv4_config.go. */
export const sigv4Schema = once(() =>
  section(
    'sigv4',
    {
      region: text(),
      access_key: text(),
      secret_key: secret(),
      profile: text(),
      role_arn: text(),
      external_id: text(),
      use_fips_sts_endpoint: boolean(),
      service_name: text(),
    },
    {
      check(sigv4, report) {
        if (Boolean(sigv4.access_key) !== Boolean(sigv4.secret_key))
          report([], 'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config')
      },
    },
  ),
)

/** What a section means, its defaults filled in. */
export function toSigV4(
  sigv4: Output<ReturnType<typeof sigv4Schema>> | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): SigV4Config | undefined {
  return (
    sigv4 && {
      region: sigv4.region || variables.AWS_REGION || variables.AWS_DEFAULT_REGION || '',
      accessKey: sigv4.access_key ?? '',
      secretKey: sigv4.secret_key ?? '',
      profile: sigv4.profile ?? '',
      roleArn: sigv4.role_arn ?? '',
      externalId: sigv4.external_id ?? '',
      useFipsStsEndpoint: sigv4.use_fips_sts_endpoint ?? false,
      serviceName: sigv4.service_name || 'aps',
    }
  )
}
