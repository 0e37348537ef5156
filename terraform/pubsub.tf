# The names are those of pipeline/gcp/queue.ts.
resource "google_pubsub_topic" "topics" {
  #checkov:skip=CKV_GCP_83:The key of one's own is a variable, kms_key.
  for_each = toset(["jobs-vm", "jobs-run", "jobs-dead", "job-events"])

  project      = local.project
  name         = each.value
  kms_key_name = var.kms_key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [terraform_data.key_is_usable]
}

locals {
  # The most that Pub/Sub allows: refusals count as attempts, and only a job's own attempts end it.
  most_delivery_attempts = 100
  # Longest time of one pushed job with all that it waits for. The request's time limit of the worker is the same.
  push_deadline_seconds = 120
}

resource "google_pubsub_subscription" "jobs_vm_pull" {
  project              = local.project
  name                 = "jobs-vm-pull"
  topic                = google_pubsub_topic.topics["jobs-vm"].id
  ack_deadline_seconds = 20

  # Otherwise Google deletes a subscription that nobody used for 31 days, and what is published after that is lost.
  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "30s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.topics["jobs-dead"].id
    max_delivery_attempts = local.most_delivery_attempts
  }

  depends_on = [google_pubsub_topic_iam_member.dead_letters]
}

resource "google_pubsub_subscription" "jobs_run_push" {
  project              = local.project
  name                 = "jobs-run-push"
  topic                = google_pubsub_topic.topics["jobs-run"].id
  ack_deadline_seconds = local.push_deadline_seconds

  push_config {
    push_endpoint = "${google_cloud_run_v2_service.services["worker"].uri}/push"

    oidc_token {
      service_account_email = google_service_account.accounts[local.callers["worker"]].email
      audience              = google_cloud_run_v2_service.services["worker"].uri
    }
  }

  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "30s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.topics["jobs-dead"].id
    max_delivery_attempts = local.most_delivery_attempts
  }

  depends_on = [
    google_pubsub_topic_iam_member.dead_letters,
    google_cloud_run_v2_service_iam_member.pusher_calls_worker,
  ]
}

# For people: the dashboard shows what is in it and takes away what an admin replays; nothing else pulls from it, and an
# alarm tells of what is in it (alerts.tf).
resource "google_pubsub_subscription" "jobs_dead_pull" {
  project                    = local.project
  name                       = "jobs-dead-pull"
  topic                      = google_pubsub_topic.topics["jobs-dead"].id
  ack_deadline_seconds       = 20
  message_retention_duration = "${31 * 24 * 3600}s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself moves a message to the dead letters: it publishes it there, and acknowledges it here.
resource "google_pubsub_topic_iam_member" "dead_letters" {
  project = local.project
  topic   = google_pubsub_topic.topics["jobs-dead"].name
  role    = "roles/pubsub.publisher"
  member  = local.agents.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each = {
    vm  = google_pubsub_subscription.jobs_vm_pull.name
    run = google_pubsub_subscription.jobs_run_push.name
  }

  project      = local.project
  subscription = each.value
  role         = "roles/pubsub.subscriber"
  member       = local.agents.pubsub
}

locals {
  # Which program publishes to which topic: pipeline/preflight.ts says why.
  publishers = {
    functions = ["jobs-vm", "jobs-run", "jobs-dead", "job-events"]
    vm        = ["jobs-vm", "jobs-run", "jobs-dead", "job-events"]
    machine   = ["jobs-vm", "jobs-run", "jobs-dead", "job-events"]
    worker    = ["jobs-run", "jobs-dead", "job-events"]
    site      = ["jobs-vm", "jobs-run", "job-events"]
    admin     = ["jobs-vm", "jobs-run", "job-events"]
  }
  publications = merge([
    for account, topics in local.publishers : {
      for topic in topics : "${account} publishes to ${topic}" => { account = account, topic = topic }
    } if contains(keys(local.accounts), account)
  ]...)
}

resource "google_pubsub_topic_iam_member" "publishers" {
  for_each = local.publications

  project = local.project
  topic   = google_pubsub_topic.topics[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.accounts[each.value.account].member
}

resource "google_pubsub_subscription_iam_member" "pulls" {
  for_each = local.vm_workers

  project      = local.project
  subscription = google_pubsub_subscription.jobs_vm_pull.name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.accounts[each.value].member
}

resource "google_pubsub_subscription_iam_member" "dashboard_reads_letters" {
  project      = local.project
  subscription = google_pubsub_subscription.jobs_dead_pull.name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.accounts["admin"].member
}
