# Four shards in each region.
module "prometheus_shard" {
  source = "./modules/prometheus-shard"

  count = 4

  shard_id      = count.index
  region        = var.region
  instance_type = var.shard_config[count.index].instance_type
  memory        = var.shard_config[count.index].memory
  targets       = var.shard_config[count.index].targets
}
