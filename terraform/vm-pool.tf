locals {
  vm_health_port = 8081
  # Nobody but the container runs as this account of the VM. The image has to work as any.
  vm_user = 10001

  cloud_init = templatefile("${path.module}/vm-cloud-init.yaml.tftpl", {
    image       = var.vm_image
    registry    = split("/", var.vm_image)[0]
    environment = local.vm_environment
    health_port = local.vm_health_port
    user        = local.vm_user
  })
}

resource "google_compute_instance_template" "vm" {
  project      = local.project
  name_prefix  = "spillway-vm-"
  region       = var.region
  machine_type = var.vm_machine_type
  tags         = [local.vm_tag]

  disk {
    source_image = "projects/cos-cloud/global/images/family/cos-stable"
    boot         = true
    auto_delete  = true
    disk_type    = "pd-balanced"
    disk_size_gb = var.vm_disk_gb

    dynamic "disk_encryption_key" {
      for_each = var.kms_key[*]
      content {
        kms_key_self_link = disk_encryption_key.value
      }
    }
  }

  # No access_config: there is no public address.
  network_interface {
    subnetwork = google_compute_subnetwork.vms.id
  }

  service_account {
    email = google_service_account.accounts["vm"].email
    # What the account may do is said by its roles.
    scopes = ["cloud-platform"]
  }

  scheduling {
    provisioning_model  = var.vm_spot ? "SPOT" : "STANDARD"
    preemptible         = var.vm_spot
    automatic_restart   = !var.vm_spot
    on_host_maintenance = var.vm_spot ? "TERMINATE" : "MIGRATE"
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    user-data = local.cloud_init
    # The agents of Container-Optimized OS send what containers write.
    google-logging-enabled    = "true"
    google-monitoring-enabled = "true"
    enable-oslogin            = "TRUE"
    block-project-ssh-keys    = "TRUE"
    serial-port-enable        = "FALSE"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_health_check" "vm" {
  project     = local.project
  name        = "spillway-vm"
  description = "A VM that is not ready for five minutes is made new. When Firestore is away, it is away from all VMs, so it has to be patient."

  check_interval_sec  = 30
  timeout_sec         = 10
  healthy_threshold   = 1
  unhealthy_threshold = 10

  http_health_check {
    port         = local.vm_health_port
    request_path = "/health"
  }
}

resource "google_compute_region_instance_group_manager" "vms" {
  project            = local.project
  name               = "spillway-vms"
  region             = var.region
  base_instance_name = "spillway-vm"
  # Where there are schedules, the autoscaler says how many.
  target_size = length(var.vm_schedules) == 0 ? var.vm_count : null

  version {
    instance_template = google_compute_instance_template.vm.id
  }

  auto_healing_policies {
    health_check = google_compute_health_check.vm.id
    # Longer than a start: the machine, the image, and the self-test of the worker.
    initial_delay_sec = 300
  }

  # New VMs come first. An old one is asked to end, gives back what it cannot finish, and leaves.
  update_policy {
    type                         = "PROACTIVE"
    minimal_action               = "REPLACE"
    instance_redistribution_type = "PROACTIVE"
    # At least one for each of the region's zones, of which a few have four.
    max_surge_fixed       = 4
    max_unavailable_fixed = 0
    replacement_method    = "SUBSTITUTE"
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.vm_pulls_images,
    google_compute_firewall.from_health_checks,
    google_compute_firewall.to_google_services,
    google_compute_route.google_services,
    google_dns_record_set.every_name,
    google_firestore_document.routing,
    google_firestore_index.composite,
    google_project_iam_member.programs_use_database,
    google_project_iam_member.vm_tells,
    google_pubsub_subscription_iam_member.vm_pulls,
    google_pubsub_topic_iam_member.publishers,
    google_storage_bucket_iam_member.programs,
    google_storage_bucket_iam_member.vm_fetches_models,
  ]
}

# More VMs at certain times. Their processors decide nothing: idle VMs are what the router fills, and busy ones spill.
resource "google_compute_region_autoscaler" "vms" {
  count = length(var.vm_schedules) == 0 ? 0 : 1

  project = local.project
  name    = "spillway-vms"
  region  = var.region
  target  = google_compute_region_instance_group_manager.vms.id

  autoscaling_policy {
    min_replicas    = var.vm_count
    max_replicas    = max(var.vm_count, values(var.vm_schedules)[*].count...)
    cooldown_period = 120

    # Without any signal the platform scales at 60 %. No processor is busier than all of it, so this asks for none.
    cpu_utilization {
      target = 1
    }

    dynamic "scaling_schedules" {
      for_each = var.vm_schedules
      content {
        name                  = scaling_schedules.key
        min_required_replicas = scaling_schedules.value.count
        schedule              = scaling_schedules.value.start
        duration_sec          = scaling_schedules.value.minutes * 60
        time_zone             = scaling_schedules.value.time_zone
      }
    }
  }
}

# The agents of the VM write logs and figures.
resource "google_project_iam_member" "vm_tells" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])

  project = local.project
  role    = each.value
  member  = google_service_account.accounts["vm"].member
}
