# A network for the VMs alone. They have no public address, and reach Google's services and nothing else.
resource "google_compute_network" "vms" {
  project                 = local.project
  name                    = "spillway"
  auto_create_subnetworks = false
  # The route to Google's services below takes the place of the one to everywhere.
  delete_default_routes_on_create = true
}

resource "google_compute_subnetwork" "vms" {
  #checkov:skip=CKV_GCP_26:Nothing but Google's services is reached, and the rules below say so; a log of that costs money.
  project                  = local.project
  name                     = "spillway-vms"
  region                   = var.region
  network                  = google_compute_network.vms.id
  ip_cidr_range            = var.vm_range
  private_ip_google_access = true
}

locals {
  # The addresses of private.googleapis.com: https://cloud.google.com/vpc/docs/configure-private-google-access
  google_services = "199.36.153.8/30"
  # Where health checks come from: https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
  health_checkers = ["35.191.0.0/16", "130.211.0.0/22"]
  # Where Identity-Aware Proxy's tunnels come from: https://cloud.google.com/iap/docs/using-tcp-forwarding
  iap_tunnels = "35.235.240.0/20"
  vm_tag      = "spillway-vm"
}

resource "google_compute_route" "google_services" {
  project          = local.project
  name             = "spillway-google-services"
  network          = google_compute_network.vms.id
  dest_range       = local.google_services
  next_hop_gateway = "default-internet-gateway"
  priority         = 1000
}

resource "google_compute_firewall" "to_google_services" {
  project            = local.project
  name               = "spillway-to-google-services"
  network            = google_compute_network.vms.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = [local.google_services]
  target_tags        = [local.vm_tag]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

# The metadata server and its names are reached all the same: no rule applies to them.
resource "google_compute_firewall" "to_nothing_else" {
  project            = local.project
  name               = "spillway-to-nothing-else"
  network            = google_compute_network.vms.id
  direction          = "EGRESS"
  priority           = 65000
  destination_ranges = ["0.0.0.0/0"]
  target_tags        = [local.vm_tag]

  deny {
    protocol = "all"
  }
}

# Nothing comes in but these: a network lets nothing in by itself.
resource "google_compute_firewall" "from_health_checks" {
  project       = local.project
  name          = "spillway-from-health-checks"
  network       = google_compute_network.vms.id
  direction     = "INGRESS"
  source_ranges = local.health_checkers
  target_tags   = [local.vm_tag]

  allow {
    protocol = "tcp"
    ports    = [tostring(local.vm_health_port)]
  }
}

resource "google_compute_firewall" "from_iap" {
  count = var.vm_ssh_through_iap ? 1 : 0

  project       = local.project
  name          = "spillway-from-iap"
  network       = google_compute_network.vms.id
  direction     = "INGRESS"
  source_ranges = [local.iap_tunnels]
  target_tags   = [local.vm_tag]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

# Names of Google's services lead to those addresses. Agents of Container-Optimized OS may come from gcr.io.
resource "google_dns_managed_zone" "google_services" {
  for_each = toset(["gcr.io", "googleapis.com", "pkg.dev"])

  project     = local.project
  name        = "spillway-${replace(each.value, ".", "-")}"
  dns_name    = "${each.value}."
  description = "Leads the VMs' requests to Google's services over private addresses"
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.vms.id
    }
  }
}

resource "google_dns_record_set" "google_services" {
  for_each = google_dns_managed_zone.google_services

  project      = local.project
  managed_zone = each.value.name
  name         = each.key == "googleapis.com" ? "private.${each.value.dns_name}" : each.value.dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = [for host in range(4) : cidrhost(local.google_services, host)]
}

resource "google_dns_record_set" "every_name" {
  for_each = google_dns_managed_zone.google_services

  project      = local.project
  managed_zone = each.value.name
  name         = "*.${each.value.dns_name}"
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [google_dns_record_set.google_services[each.key].name]
}
