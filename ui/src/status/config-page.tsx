import { useQuery } from '@tanstack/react-query'
import { CopyButton } from '../app/copy-button.tsx'
import { DataPage } from '../app/data-page.tsx'
import { server } from '../app/server.ts'
import { YamlText } from './yaml-text.tsx'

/** The configuration in force, secrets hidden. */
export function ConfigPage() {
  const query = useQuery({ queryKey: ['config'], queryFn: ({ signal }) => server.config(signal), staleTime: 0 })
  return (
    <DataPage title="Configuration" query={query} tools={<CopyButton text={query.data?.data.yaml} />}>
      {({ yaml }) => <YamlText yaml={yaml} />}
    </DataPage>
  )
}
