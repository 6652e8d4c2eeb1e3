-- Names as in the mock shop, and two as people put them in; before the marts take them over.
UPDATE silver.dim_locations
SET country = (ARRAY['DE', 'FR', 'ES', 'IT', 'NL', 'AT', 'US', 'GB', 'CH', 'SE'])[1 + location_key % 10]
WHERE location_key > 0;
UPDATE silver.dim_products SET product_name = 'Compact ' || (ARRAY['Lamp', 'Camera', 'Scarf', 'Router'])[1 + product_key::integer % 4] || ' ' || product_key
WHERE product_key > 0;
UPDATE silver.dim_products SET product_name = $$Robert'); DROP TABLE students; --$$ WHERE product_id = 'P1';
UPDATE silver.dim_products SET product_name = $$=cmd|' /C calc'!A0 <script>alert(1)</script> ${currency} $__timeFilter(x)$$ WHERE product_id = 'P2';
