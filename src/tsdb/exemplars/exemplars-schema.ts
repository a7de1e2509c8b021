import { integer, section } from '../../base/schema.ts'

/** `storage.exemplars` of prometheus.yml. Source: Prometheus config/config.go, ExemplarsConfig. */
export const exemplarsSchema = section('exemplars', { max_exemplars: integer(Number.MIN_SAFE_INTEGER) })

/** Where the file has no such section. */
export const EXEMPLARS_MAX_DEFAULT = 100_000
