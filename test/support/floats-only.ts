import { type Appender, AppendStatus, ExemplarStatus } from '../../src/storage/appender.ts'

/** The part of an Appender that a test of floats does not need: everything else is refused. */
export const FLOATS_ONLY: Pick<Appender, 'appendHistogram' | 'appendExemplar' | 'setMetadata' | 'refusal' | 'takesLate'> = {
  appendHistogram: () => AppendStatus.badHistogram,
  appendExemplar: () => ExemplarStatus.disabled,
  setMetadata: () => {},
  refusal: 'only floats are taken',
  takesLate: true,
}
