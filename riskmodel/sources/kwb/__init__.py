"""Reader of CBS Kerncijfers wijken en buurten."""
