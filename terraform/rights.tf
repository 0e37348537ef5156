# Google gives its own accounts these roles when it makes them, but not to those that somebody asked for beforehand, as
# docs/deploy.md does. Without them Eventarc makes no trigger, and Pub/Sub has no tokens to push with.
# https://cloud.google.com/iam/docs/create-service-agents
resource "google_project_iam_member" "agents" {
  #checkov:skip=CKV_GCP_49:They are what Google gives these accounts of its own elsewhere; no program works as one of them.
  for_each = {
    eventarc = "roles/eventarc.serviceAgent"
    pubsub   = "roles/pubsub.serviceAgent"
    database = "roles/firestore.serviceAgent"
    registry = "roles/artifactregistry.serviceAgent"
  }

  project = local.project
  role    = each.value
  member  = local.agents[each.key]
}

# Rights take some minutes to reach all of Google's services. A program looks at what it needs when it starts, and ends
# where it lacks a right, so that its deployment would fail: all that needs rights waits here until they have arrived.
# https://cloud.google.com/iam/docs/access-change-propagation
resource "terraform_data" "rights_have_arrived" {
  # Rights that are new, or of a new account, are waited for again.
  triggers_replace = {
    accounts = { for name, account in google_service_account.accounts : name => account.unique_id }
    buckets  = sort(keys(local.bucket_rights))
    metrics  = sort(keys(local.metrics))
    topics   = sort(keys(local.publications))
  }

  provisioner "local-exec" {
    command = "sleep ${var.rights_wait_seconds}"
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.builder_writes_functions,
    google_artifact_registry_repository_iam_member.vm_pulls_images,
    google_monitoring_metric_descriptor.metrics,
    google_project_iam_member.agents,
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_reads_sources,
    google_project_iam_member.events_receives,
    google_project_iam_member.programs_use_database,
    google_project_iam_member.storage_publishes,
    google_project_iam_member.programs_read_run_operations,
    google_project_iam_member.write_metrics,
    google_project_iam_member.write_traces,
    google_project_iam_member.vm_writes_logs,
    google_pubsub_subscription_iam_member.dashboard_reads_letters,
    google_pubsub_subscription_iam_member.pulls,
    google_pubsub_topic_iam_member.dead_letters,
    google_pubsub_topic_iam_member.publishers,
    google_secret_manager_secret_iam_member.readers,
    google_service_account_iam_member.site_signs,
    google_storage_bucket_iam_member.builder_reads_archives,
    google_storage_bucket_iam_member.fetches_models,
    google_storage_bucket_iam_member.look_at_settings,
    google_storage_bucket_iam_member.programs,
  ]
}
