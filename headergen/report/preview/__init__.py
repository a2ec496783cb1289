"""All headers of a site on one page, as readers will meet them."""
