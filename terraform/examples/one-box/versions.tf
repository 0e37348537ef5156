terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }

  # The state is a file in this folder. It has no secret in it: keep it, because it says what exists.
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = { app = "spillway" }
}
