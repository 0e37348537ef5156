# The other side of what example.tfvars and the defaults choose. Its plan is checked, and nobody applies it.
project        = "example-pictures"
project_number = "123456789012"
region         = "europe-west1"

kms_key = "projects/example-keys/locations/europe-west1/keyRings/spillway/cryptoKeys/pictures"

functions_archive = "functions.zip"
worker_image      = "europe-west1-docker.pkg.dev/example-pictures/spillway-programs/cloudrun-worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
site_image        = "europe-west1-docker.pkg.dev/example-pictures/spillway-programs/site@sha256:0000000000000000000000000000000000000000000000000000000000000000"
vm_image          = "europe-west1-docker.pkg.dev/example-pictures/spillway-programs/vm-worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
operations        = ["spillway-plugin-thumbnail"]

keep_data         = false
soft_delete_days  = 0
uploads_kept_days = 30
results_kept_days = 90
backups_kept_days = 0

run_max_instances         = 100
run_concurrency           = 3
run_slots                 = 2
run_cpu                   = 4
run_memory_gib            = 8
run_models                = ["u2netp"]
run_most_dollars_per_hour = 25
routing = {
  confidence    = 2
  objectives_ms = { sketch = 5000 }
  bulk          = { batch_over = 50 }
  owner_shares  = { ann = 2 }
}

vm_count           = 0
vm_max_count       = 8
vm_slots           = 4
vm_spot            = true
vm_ssh_through_iap = true

site_public = false
site_url    = "https://pictures.example.com"

machines = {
  subjects  = ["studio-1"]
  issuer    = "https://issuer.example.com"
  audiences = ["spillway"]
}

forecast = {
  prewarming    = true
  min_instances = { least = 1, most = 10 }
  vm_pool       = true
}
traces_sampled = 0
