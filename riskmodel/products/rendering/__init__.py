"""What all products share to draw and write: number formats, scales, styles, HTML, PDF."""
