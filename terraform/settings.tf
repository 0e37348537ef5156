locals {
  # As Firestore's REST API writes values. Routers read what is null here as their default.
  routing_run = merge(
    {
      enabled      = { booleanValue = var.run_max_instances > 0 }
      maxInstances = { integerValue = tostring(var.run_max_instances) }
      concurrency  = { integerValue = tostring(var.run_concurrency) }
      vcpus        = { integerValue = tostring(var.run_cpu) }
      memoryGib    = { integerValue = tostring(var.run_memory_gib) }
      models       = { arrayValue = local.routing_models }
    },
    var.run_slots == null ? {} : { slots = { integerValue = tostring(var.run_slots) } },
    var.run_most_dollars_per_hour == null ? {} : {
      mostDollarsPerHour = { doubleValue = var.run_most_dollars_per_hour }
    },
  )
  # Firestore's API leaves out an empty list of values, which would be a change in each plan.
  routing_models = { for name, values in { values = [for model in var.run_models : { stringValue = model }] } : name => values if length(values) > 0 }
  routing_bulk = merge(
    var.routing.bulk.objective_ms == null ? {} : { objectiveMs = { doubleValue = var.routing.bulk.objective_ms } },
    var.routing.bulk.batch_over == null ? {} : { batchOver = { integerValue = tostring(var.routing.bulk.batch_over) } },
  )
  routing = merge(
    { run = { mapValue = { fields = local.routing_run } } },
    var.routing.policy == null ? {} : { policy = { stringValue = var.routing.policy } },
    var.routing.confidence == null ? {} : { confidence = { doubleValue = var.routing.confidence } },
    length(var.routing.objectives_ms) == 0 ? {} : {
      objectivesMs = { mapValue = { fields = { for operation, ms in var.routing.objectives_ms : operation => { doubleValue = ms } } } }
    },
    length(local.routing_bulk) == 0 ? {} : { bulk = { mapValue = { fields = local.routing_bulk } } },
    # What is as routers have it by default is left out.
    !var.forecast.prewarming && !var.forecast.vm_pool ? {} : {
      forecast = { mapValue = { fields = {
        prewarming = { booleanValue = var.forecast.prewarming }
        minInstances = { mapValue = { fields = {
          least = { integerValue = tostring(var.forecast.min_instances.least) }
          most  = { integerValue = tostring(var.forecast.min_instances.most) }
        } } }
        vmPool = { booleanValue = var.forecast.vm_pool }
      } } }
    },
    length(var.routing.owner_shares) == 0 ? {} : {
      shares = { mapValue = { fields = { owners = { mapValue = { fields = {
        for owner, share in var.routing.owner_shares : owner => { doubleValue = share }
      } } } } } }
    },
  )
}

# Routers and the service have their limits from the same variables, so that they cannot differ. An instance whose slots
# differ from this document does not start.
resource "google_firestore_document" "routing" {
  project     = local.project
  database    = google_firestore_database.default.name
  collection  = "settings"
  document_id = "routing"
  fields      = jsonencode(local.routing)

  deletion_policy = var.keep_data ? "ABANDON" : "DELETE"
}

import {
  for_each = local.adopted_database

  to = google_firestore_document.routing
  id = "${each.value}/documents/settings/routing"
}
