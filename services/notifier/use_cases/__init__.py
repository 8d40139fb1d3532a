"""What the notifier does: plan messages, deliver them, take them back, and note calls made."""
