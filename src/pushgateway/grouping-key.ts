import { isUtf8 } from 'node:buffer'
import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { isLegacyLabelName } from '../model/labels.ts'

const BASE64 = '@base64'

/** The labels that name a group, by name. */
export type GroupingLabels = ReadonlyMap<string, string>

/** What in a path follows `/metrics`, decoded: `/job/NAME/LABEL/VALUE…`, where a name that ends in `@base64` has its value encoded. */
export function parseGroupingPath(path: string): GroupingLabels {
  const [, jobName, job = '', ...rest] = path.split('/')
  const labels = new Map<string, string>()
  // One slash at the end is no label.
  if (rest.length > 1 || (rest[0] ?? '') !== '') {
    if (rest.length % 2 !== 0) throw badPath(`odd number of components in label string ${quote(`/${rest.join('/')}`)}`)
    for (let i = 0; i < rest.length; i += 2) {
      const name = rest[i].endsWith(BASE64) ? rest[i].slice(0, -BASE64.length) : rest[i]
      if (!isLegacyLabelName(name) || name.startsWith('__')) throw badPath(`improper label name ${quote(name)}`)
      const value =
        name === rest[i] ? rest[i + 1] : decodeBase64(rest[i + 1], `invalid base64 encoding for label ${name}=${quote(rest[i + 1])}`)
      labels.set(name, value)
    }
  }
  const jobText = jobName === `job${BASE64}` ? decodeBase64(job, `invalid base64 encoding in job name ${quote(job)}`) : job
  if (jobText === '') throw badPath('job name is required')
  labels.set('job', jobText)
  return labels
}

/** Base 64 with the letters of URLs; padding is passed over. Source: RFC 4648, section 5. */
function decodeBase64(text: string, problem: string): string {
  const digits = text.replace(/=+$/, '')
  const bad = /[^A-Za-z0-9_-]/.exec(digits)
  if (bad !== null) throw badPath(`${problem}: illegal base64 data at input byte ${bad.index}`)
  if (digits.length % 4 === 1) throw badPath(`${problem}: illegal base64 data at input byte ${digits.length - 1}`)
  const bytes = Buffer.from(digits, 'base64url')
  if (!isUtf8(bytes)) throw badPath(`${problem}: found bytes that are no UTF-8`)
  return bytes.toString('utf8')
}

function badPath(message: string): CodedError {
  return new CodedError('bad_data', message)
}
