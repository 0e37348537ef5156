terraform {
  # Ephemeral values and write-only arguments keep secrets out of the state.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }

  # The state is kept in a bucket of its own: `terraform init -backend-config="bucket=…"`. README.md says how to make it.
  backend "gcs" {
    prefix = "spillway"
  }
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = { app = "spillway" }
}

# Budgets belong to a billing account. A person's own credentials need a project that their calls count for.
provider "google" {
  alias                 = "billing"
  project               = var.project
  billing_project       = var.project
  user_project_override = true
  default_labels        = { app = "spillway" }
}
